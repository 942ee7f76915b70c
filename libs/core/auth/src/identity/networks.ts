import { GatewayError } from '@omni/ports';

interface Network {
  readonly bits: 32 | 128;
  readonly prefix: bigint;
  readonly shift: bigint;
}

const MAX_GROUP = 0xff_ff;
const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
/** Addresses whose answer is remembered. */
const MAX_KNOWN = 1_024;

/** Addresses and networks of IPv4 and IPv6, such as `10.0.0.0/8`. */
export class Networks {
  readonly #networks: readonly Network[];
  readonly #known = new Map<string, boolean>();

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for what is none. */
  constructor(texts: readonly string[]) {
    this.#networks = texts.map((text) => {
      const network = networkOf(text);
      if (network !== undefined) return network;
      throw new GatewayError(
        'OMNI_CONFIG_INVALID',
        `"${text}" is no address and no network such as 10.0.0.0/8`,
      );
    });
  }

  has(address: string): boolean {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const number = addressOf(address);
    const found =
      number !== undefined &&
      this.#networks.some(
        ({ bits, prefix, shift }) => bits === number.bits && number.value >> shift === prefix,
      );
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(address, found);
    return found;
  }
}

/** `undefined` where a text is neither an address nor a network. */
export function networkOf(text: string): Network | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const number = addressOf(address);
  if (number === undefined || rest.length > 0) return undefined;
  const { bits, value } = number;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= bits)) return undefined;
  const shift = BigInt(bits - Number(length ?? bits));
  return { bits, shift, prefix: value >> shift };
}

function addressOf(text: string): { readonly bits: 32 | 128; readonly value: bigint } | undefined {
  const ipv4 = ipv4Of(text);
  if (ipv4 !== undefined) return { bits: 32, value: ipv4 };
  const mapped = /^::ffff:([\d.]+)$/i.exec(text)?.[1];
  const inside = mapped === undefined ? undefined : ipv4Of(mapped);
  if (inside !== undefined) return { bits: 32, value: inside };
  const value = ipv6Of(text);
  return value === undefined ? undefined : { bits: 128, value };
}

function ipv4Of(text: string): bigint | undefined {
  const parts = IPV4.exec(text)?.slice(1).map(Number);
  if (parts?.every((part) => part <= 255) !== true) return undefined;
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
}

function ipv6Of(text: string): bigint | undefined {
  const [before = '', after, ...rest] = text.split('::');
  if (rest.length > 0 || !text.includes(':')) return undefined;
  const groups = (half: string): string[] => (half === '' ? [] : half.split(':'));
  const [first, last] = [groups(before), groups(after ?? '')];
  const missing = 8 - first.length - last.length;
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...first, ...Array.from({ length: missing }, () => '0'), ...last];
  let value = 0n;
  for (const group of all) {
    const number = /^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : MAX_GROUP + 1;
    if (number > MAX_GROUP) return undefined;
    value = value * 65_536n + BigInt(number);
  }
  return value;
}
