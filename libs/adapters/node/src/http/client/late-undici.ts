// What is imported late in its place: a bundle gives a CommonJS package one export alone.
export { buildConnector, Pool, request } from 'undici';
