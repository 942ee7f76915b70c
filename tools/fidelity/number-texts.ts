import type { SeededRandom } from './seeded-random.ts';

/** Numbers that a double cannot hold, or that its usual way of printing writes in another way. */
const CHOSEN = [
  ...[
    '0',
    '-0',
    '0.0',
    '-0.0',
    '0e0',
    '-0e0',
    '0E+0',
    '0e-0',
    '0.000',
    '0e999999',
    '-0e-999999',
    '0.0000000000000000000000000001',
  ],
  ...[
    '1',
    '-1',
    '1.0',
    '1.00',
    '-1.0',
    '1e0',
    '1E0',
    '1e+0',
    '1e-0',
    '1.0e0',
    '1.0E+00',
    '1e01',
    '1e+001',
    '100e-2',
    '0.1e1',
    '10E-1',
  ],
  ...[
    '0.1',
    '0.10',
    '0.2',
    '0.3',
    '0.30000000000000004',
    '0.1000000000000000055511151231257827',
    '1.1',
    '1.10',
    '3.14',
    '2.50',
    '1e2',
    '1E2',
  ],
  ...[
    '1e400',
    '-1e400',
    '1e-400',
    '-1e-400',
    '1e308',
    '1e309',
    '1.7976931348623157e308',
    '1.7976931348623158e308',
    '1.7976931348623159e308',
  ],
  ...[
    '-1.7976931348623157E+308',
    '179769313486231580793e289',
    '5e-324',
    '4.9e-324',
    '2.4703282292062327e-324',
    '2.4703282292062328e-324',
  ],
  ...[
    '2.2250738585072014e-308',
    '2.2250738585072011e-308',
    '2.225073858507201e-308',
    '1e-323',
    '-5e-324',
    '1e-5000',
    '1e5000',
    '-1E+99999',
  ],
  ...[
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '9007199254740993.0',
    '9007199254740994',
    '90071992547409930',
  ],
  ...[
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775808',
    '-9223372036854775809',
    '18446744073709551615',
    '18446744073709551616',
  ],
  ...[
    '2147483647',
    '2147483648',
    '-2147483648',
    '-2147483649',
    '4294967295',
    '4294967296',
    '340282366920938463463374607431768211456',
  ],
  ...[
    '123456789012345678901234567890',
    '-123456789012345678901234567890.123456789',
    '0.123456789012345678901234567890',
    '1.0000000000000000000001',
  ],
  ...[
    '1e21',
    '1e20',
    '100000000000000000000',
    '1000000000000000000000',
    '1e-6',
    '1e-7',
    '0.000001',
    '0.0000001',
    '123e-20',
    '12.3E+4',
    '1.5e3',
    '150e1',
  ],
  ...[
    '20e1',
    '123.456',
    '123.456e78',
    '-123e-10000000',
    '0.4e00669999999999999999999999999999999999999999',
    '-1e+9999',
    '1.5e+9999',
  ],
] as const;

/** Numbers at the edges of doubles and far from them, written in every way that JSON allows. */
export function numberTexts(random: SeededRandom): readonly string[] {
  return [...CHOSEN, ...powersOfTwo(), ...exponents(), ...bitPatterns(random), ...longDigits(random)];
}

function powersOfTwo(): string[] {
  return Array.from({ length: 73 }, (_, exponent) => 1n << BigInt(exponent)).flatMap((power) =>
    [power - 1n, power, power + 1n, -power, -power - 1n].map(String),
  );
}

function exponents(): string[] {
  const texts: string[] = [];
  for (let exponent = -330; exponent <= 320; exponent += 3)
    texts.push(`1e${exponent}`, `-9.5E${exponent < 0 ? '' : '+'}${exponent}`);
  return texts;
}

/** Doubles of random bits, as they print and with a zero, an exponent or more digits added. */
function bitPatterns(random: SeededRandom): string[] {
  const view = new DataView(new ArrayBuffer(8));
  return Array.from({ length: 160 }, () => {
    view.setUint32(0, random.below(2 ** 32));
    view.setUint32(4, random.below(2 ** 32));
    const value = view.getFloat64(0);
    return Number.isFinite(value) ? value : 0.5;
  }).flatMap((value) => [
    String(value),
    value.toExponential(20),
    value.toExponential(3).replace('e', 'E'),
    `${Math.trunc(value % 1e15)}.0`,
  ]);
}

function longDigits(random: SeededRandom): string[] {
  return Array.from({ length: 250 }, (_, index) => {
    const sign = random.pick(['', '-']);
    const whole = `${1 + random.below(9)}${random.digits(random.below(60))}`;
    const fraction = index % 3 === 0 ? '' : `.${random.digits(1 + random.below(50))}`;
    const exponent =
      index % 4 === 0
        ? `${random.pick(['e', 'E'])}${random.pick(['', '+', '-'])}${random.digits(1 + random.below(4))}`
        : '';
    return sign + whole + fraction + exponent;
  });
}
