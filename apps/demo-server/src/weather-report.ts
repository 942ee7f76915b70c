/** Made-up weather of one city. */
export interface WeatherReport {
  readonly city: string;
  readonly condition: 'sunny' | 'cloudy' | 'rain' | 'snow' | 'storm';
  /** Degrees Celsius, -10 to 35. */
  readonly temperatureC: number;
  /** Per cent, 20 to 100. */
  readonly humidityPercent: number;
  /** Kilometres per hour, 0 to 60. */
  readonly windKmh: number;
}

/** The conditions a report can name, in the order the seed picks from. */
export const WEATHER_CONDITIONS = ['sunny', 'cloudy', 'rain', 'snow', 'storm'] as const;

/** Invents a report from the name of the city alone: same name (in any case), same weather, no network. */
export function weatherReport(city: string): WeatherReport {
  const seed = fnv1a(city.trim().toLowerCase());
  return {
    city: city.trim(),
    condition: WEATHER_CONDITIONS[seed % WEATHER_CONDITIONS.length] ?? 'sunny',
    temperatureC: ((seed >>> 4) % 46) - 10,
    humidityPercent: 20 + ((seed >>> 11) % 81),
    windKmh: (seed >>> 19) % 61,
  };
}

/** Fowler–Noll–Vo, variant 1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}
