/** Where an absolute path starts, on POSIX and on Windows, named pipes included. */
const ABSOLUTE = /^(?:[\\/]|[A-Za-z]:)/;

/**
 * A path that stands in a source: a relative one starts at the folder of that source, wherever Omni was
 * started.
 *
 * @param source - Path of the source; itself relative to the working directory, or absolute.
 */
export function pathFrom(source: string, path: string): string {
  const folder = source.slice(0, Math.max(source.lastIndexOf('/'), source.lastIndexOf('\\')) + 1);
  return folder === '' || ABSOLUTE.test(path) ? path : folder + path.replace(/^(?:\.[\\/])+/, '');
}
