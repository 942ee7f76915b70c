import { describe, expect, it } from '@jest/globals';
import type { Configuration } from '../configuration.ts';
import { parseConfiguration } from '../parse-configuration.ts';
import {
  NARROWING_CASES,
  PLACEHOLDER_CASES,
  REFUSED_CASES,
  SHAPE_CASES,
  type ClientFileCase,
} from './client-files.fixture.ts';
import { exposedServerName } from './exposed-server-name.ts';

const CASES = [...PLACEHOLDER_CASES, ...NARROWING_CASES, ...SHAPE_CASES, ...REFUSED_CASES];

function read({ place, text, env = {} }: ClientFileCase, strict = false): Configuration {
  const path = place.slice(place.lastIndexOf('/') + 1);
  return parseConfiguration([{ path, place, text, role: 'base' }], { env, strict });
}

function containing(parts: readonly string[]): readonly unknown[] {
  return parts.map((part): unknown => expect.stringContaining(part));
}

describe("a client's file", () => {
  it.each(CASES.filter(({ refused }) => refused === undefined).map((file) => [file.what, file] as const))(
    'is read as that client reads it: %s',
    (_what, file) => {
      const { served = {}, misconfigured = {}, warnings = [], notes } = file;
      const found = read(file);
      const byName = new Map(found.upstreams.map((upstream) => [upstream.name, upstream]));
      const flaws = found.upstreams.flatMap(({ name, flaw }) => (flaw === undefined ? [] : [[name, flaw]]));
      expect(Object.fromEntries(flaws)).toEqual(
        Object.fromEntries(
          Object.entries(misconfigured).map(([name, part]) => [name, expect.stringContaining(part)]),
        ),
      );
      expect([...byName.keys()].toSorted()).toEqual(
        [...Object.keys(served), ...Object.keys(misconfigured)].toSorted(),
      );
      for (const [name, part] of Object.entries(served)) expect(byName.get(name)).toMatchObject(part);
      expect(found.warnings).toEqual(containing(warnings));
      if (notes !== undefined) expect(found.notes).toEqual(containing(notes));
    },
  );

  it.each(
    CASES.flatMap((file) => (file.refused === undefined ? [] : [[file.what, file, file.refused] as const])),
  )('is refused in one sentence: %s', (_what, file, refused) => {
    expect(() => read(file)).toThrow(refused);
    expect(() => read(file)).not.toThrow('\n');
  });

  it('leaves a server that is wrong in sight, out of the way of the others and of readiness', () => {
    const [bad] = read({
      what: '',
      place: '/etc/mcp.json',
      text: '{"mcpServers":{"a":{"command":"${NOT_SET}"},"b":{"command":"y"}}}',
    }).upstreams;
    expect(bad).toMatchObject({
      name: 'a',
      enabled: false,
      disabledReason: 'misconfigured',
      critical: false,
      flaw: 'mcp.json:1:31  mcpServers.a.command: ${NOT_SET} is not set and has no default; set it, or write ${NOT_SET:-default}',
    });
  });

  it('limits nothing where a list of tools is empty, but does in a file of Omni', () => {
    const text = 'mcpServers: { a: { command: x, allowedTools: null } }';
    expect(() => parseConfiguration([{ path: 'omni.yaml', text, role: 'base' }], { env: {} })).toThrow(
      'mcpServers.a.allowedTools must be a list of names of tools, found nothing',
    );
  });

  it('is refused as a whole for one server that is wrong when that is wanted', () => {
    const bad = CASES.filter(
      ({ misconfigured, refused }) => misconfigured !== undefined && refused === undefined,
    );
    expect(bad.length).toBeGreaterThan(4);
    for (const file of bad)
      expect(() => read(file, true)).toThrow(Object.values(file.misconfigured ?? {})[0]);
  });

  it('limits no tools and warns of nothing where nothing is lost', () => {
    const { upstreams, warnings } = read({
      what: '',
      place: '/etc/mcp.json',
      text: '{"mcpServers":{"a":{"command":"x","alwaysAllow":[],"disabledTools":[],"tools":[{"name":"t","description":"d"}],"oauth":{},"auth":null}}}',
    });
    expect([upstreams[0]?.tools, warnings]).toEqual([undefined, []]);
  });
});

describe('exposedServerName', () => {
  it('leaves alone what fits, and gives the rest a short form that depends on the name alone', () => {
    for (const name of ['github', 'a.b_c-1', 'A'.repeat(32)]) expect(exposedServerName(name)).toBe(name);
    const names = [
      'A'.repeat(33),
      'a b',
      'a-b c',
      'a  b',
      '飞书',
      'サーバー',
      '',
      '__a',
      'x/y/z',
      '../..',
      'ö',
    ];
    const short = names.map(exposedServerName);
    expect(new Set(short).size).toBe(names.length);
    for (const name of short) expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,24}$/);
    expect(names.map(exposedServerName)).toEqual(short);
  });
});
