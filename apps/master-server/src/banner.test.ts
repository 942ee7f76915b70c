import { describe, expect, it } from '@jest/globals';
import { bannerJson, serveBanner, startBanner, type BannerFacts } from './banner.ts';

const FILE: BannerFacts = {
  url: 'http://127.0.0.1:7431/mcp',
  sockets: [],
  access: { kind: 'file', token: 'canary-token', path: '/home/ada/.local/state/omni/token' },
  upstreams: ['everything', 'demo'],
};
const CONFIGURED: BannerFacts = { ...FILE, access: { kind: 'configured' } };
const OPEN: BannerFacts = { ...FILE, access: { kind: 'open' } };

/** The JSON block of a banner, as somebody would paste it. */
function pastedBlock(text: string): unknown {
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
}

describe('startBanner', () => {
  it('prints the URL, the token, where it is kept, and a command to paste', () => {
    const text = startBanner(FILE);

    expect(text).toContain('URL    http://127.0.0.1:7431/mcp\n');
    expect(text).toContain('Token  canary-token\n');
    expect(text).toContain('/home/ada/.local/state/omni/token\n');
    expect(text).toContain(
      '  claude mcp add --transport http omni http://127.0.0.1:7431/mcp --header "Authorization: Bearer canary-token"\n',
    );
    expect(text).toContain('Behind it: everything, demo.');
  });

  it('prints an mcpServers block that is JSON', () => {
    expect(pastedBlock(startBanner(FILE))).toEqual({
      mcpServers: {
        omni: { type: 'http', url: FILE.url, headers: { Authorization: 'Bearer canary-token' } },
      },
    });
  });

  it('asks for no token in open mode', () => {
    const text = startBanner(OPEN);

    expect(text).toContain('none needed');
    expect(text).not.toContain('Authorization');
    expect(pastedBlock(text)).toEqual({ mcpServers: { omni: { type: 'http', url: FILE.url } } });
  });

  it('points to the configuration when the token stands there', () => {
    expect(startBanner(CONFIGURED)).toContain('Bearer <auth.token of your configuration>');
  });
});

describe('serveBanner', () => {
  it('names the sockets beside the URL', () => {
    expect(serveBanner({ ...FILE, sockets: ['unix:/run/omni.sock', 'tcp://127.0.0.1:9'] })).toContain(
      'omni: and on unix:/run/omni.sock\nomni: and on tcp://127.0.0.1:9\n',
    );
  });

  it('names the file of the token and never the token', () => {
    const text = serveBanner(FILE);

    expect(text).toContain('omni: listening on http://127.0.0.1:7431/mcp\n');
    expect(text).toContain('"Authorization: Bearer $(cat /home/ada/.local/state/omni/token)"');
    expect(text).not.toContain('canary-token');
  });

  it('quotes a path that a shell would take apart', () => {
    const text = serveBanner({ ...FILE, access: { kind: 'file', token: 'x', path: "/home/it's me/token" } });

    expect(text).toContain(String.raw`$(cat '/home/it'\''s me/token')`);
  });

  it('says that open mode is open', () => {
    expect(serveBanner(OPEN)).toContain('open to every program on this machine');
  });
});

describe('bannerJson', () => {
  it('is one line with URL and token file', () => {
    const text = bannerJson(FILE);

    expect(text).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(text)).toEqual({
      url: FILE.url,
      sockets: [],
      tokenPath: '/home/ada/.local/state/omni/token',
    });
  });

  it('has no token file when Omni keeps none', () => {
    expect(JSON.parse(bannerJson(CONFIGURED))).toEqual({ url: FILE.url, sockets: [], tokenPath: null });
  });
});
