/** The version that Omni tells clients and servers is that of the package which tells it. */

/** From the root of the library. */
export const IDENTITY_FILE = 'src/identity.ts';

const VERSION = /(\bversion: ')([^']*)(')/;

/**
 * @param {string} text - Of the file.
 * @returns {string | undefined} the version in it
 */
export function identityVersion(text) {
  return VERSION.exec(text)?.[2];
}

/**
 * @param {string} text
 * @param {string} version
 * @returns {string} the text with this version
 */
export function withIdentityVersion(text, version) {
  if (!VERSION.test(text)) throw new RangeError(`${IDENTITY_FILE} has no "version: '…'"`);
  return text.replace(VERSION, (_, before, __, after) => `${before}${version}${after}`);
}
