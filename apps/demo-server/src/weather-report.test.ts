import { describe, expect, it } from '@jest/globals';
import { WEATHER_CONDITIONS, weatherReport } from './weather-report.ts';

describe('weatherReport', () => {
  it('gives a city the same weather every time', () => {
    expect(weatherReport('Paris')).toEqual(weatherReport('Paris'));
  });

  it('ignores case and surrounding space', () => {
    expect(weatherReport('  paris ')).toEqual({ ...weatherReport('Paris'), city: 'paris' });
  });

  it('gives different cities different weather', () => {
    const reports = ['Paris', 'Oslo', 'Lima', 'Pune'].map((city) =>
      JSON.stringify({ ...weatherReport(city), city: '' }),
    );
    expect(new Set(reports).size).toBe(4);
  });

  it('stays within its documented ranges', () => {
    for (let n = 0; n < 500; n += 1) {
      const { condition, temperatureC, humidityPercent, windKmh } = weatherReport(`city ${n}`);
      expect(WEATHER_CONDITIONS).toContain(condition);
      expect(temperatureC).toBeGreaterThanOrEqual(-10);
      expect(temperatureC).toBeLessThanOrEqual(35);
      expect(humidityPercent).toBeGreaterThanOrEqual(20);
      expect(humidityPercent).toBeLessThanOrEqual(100);
      expect(windKmh).toBeGreaterThanOrEqual(0);
      expect(windKmh).toBeLessThanOrEqual(60);
    }
  });
});
