import { crc32, deflateSync } from 'node:zlib';

/** Size of the picture, in pixels; both are whole numbers from 1 to 1024. */
export interface GradientPngOptions {
  readonly width: number;
  readonly height: number;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BYTES_PER_PIXEL = 3;

/**
 * Draws a colour gradient (red grows to the right, green downwards) as an 8-bit RGB PNG without a native
 * library. Same size, same bytes. Source: PNG specification, third edition, sections 5 and 11.2.
 */
export function gradientPng({ width, height }: GradientPngOptions): Buffer {
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header(width, height)),
    chunk('IDAT', deflateSync(scanlines(width, height))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function header(width: number, height: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  // Bit depth 8, colour type 2 (RGB), then deflate, adaptive filtering and no interlace, which are all 0.
  data.set([8, 2, 0, 0, 0], 8);
  return data;
}

function scanlines(width: number, height: number): Buffer {
  const stride = 1 + width * BYTES_PER_PIXEL;
  const data = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    // The first byte of each line is its filter type; 0 is none.
    for (let x = 0; x < width; x += 1) {
      data.set([share(x, width), share(y, height), 128], y * stride + 1 + x * BYTES_PER_PIXEL);
    }
  }
  return data;
}

function share(position: number, length: number): number {
  return length === 1 ? 0 : Math.round((255 * position) / (length - 1));
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
