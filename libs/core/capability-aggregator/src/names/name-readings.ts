import { type OwnedName, sanitizedServer } from './exposed-name.ts';

/** Between a server and a name of its own, in what clients may write. */
const SEPARATORS = [':', '.', '/', '__'];
/** No server and no name together are longer. */
const MAX_NAME_LENGTH = 512;

/** All ways to read a name as a server and a name of its own: `server:name`, `server.name` and so on. */
export function nameReadings(name: string): readonly OwnedName[] {
  if (/* guard: name/length */ name.length > MAX_NAME_LENGTH) return [];
  return SEPARATORS.flatMap((separator) => {
    const readings: OwnedName[] = [];
    for (let at = name.indexOf(separator); at >= 0; at = name.indexOf(separator, at + 1))
      readings.push({ upstream: name.slice(0, at), name: name.slice(at + separator.length) });
    return readings;
  });
}

/**
 * Which of these servers a name begins with, as it is written or as lists show it, and what follows; the
 * longest name of a server first.
 */
export function serversBefore(name: string, upstreams: readonly string[]): readonly OwnedName[] {
  const readings = nameReadings(name);
  if (readings.length === 0) return [];
  return upstreams
    .flatMap((upstream) => {
      const shown = sanitizedServer(upstream);
      const reading = readings.find((one) => one.upstream === upstream || one.upstream === shown);
      return reading === undefined ? [] : [{ upstream, name: reading.name }];
    })
    .toSorted((a, b) => b.upstream.length - a.upstream.length);
}
