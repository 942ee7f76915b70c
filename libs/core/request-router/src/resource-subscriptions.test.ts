import { describe, expect, it } from '@jest/globals';
import { ResourceSubscriptions } from './resource-subscriptions.ts';
import { clientOf, ScriptedCatalogue, ScriptedUpstreams } from './router.fixture.ts';

const CLIENT = clientOf('modern');

describe('ResourceSubscriptions', () => {
  it('subscribes at the first of the servers that may have the resource', () => {
    const [catalogue, upstreams] = [new ScriptedCatalogue(), new ScriptedUpstreams()];
    catalogue.owners = ['mail', 'files'];
    const subscriptions = new ResourceSubscriptions({ catalogue, upstreams });
    const releases: unknown[] = [];
    subscriptions.subscribe(
      CLIENT,
      'file:///a',
      () => {},
      (release) => releases.push(release),
    );
    expect(subscriptions.knows('file:///a', CLIENT)).toBe(true);
    expect(upstreams.subscriptions).toEqual(['mail file:///a']);
    expect(releases).toEqual([expect.any(Function)]);
  });

  it('says that nobody has the resource', () => {
    const [catalogue, upstreams] = [new ScriptedCatalogue(), new ScriptedUpstreams()];
    const subscriptions = new ResourceSubscriptions({ catalogue, upstreams });
    const releases: unknown[] = [];
    subscriptions.subscribe(
      CLIENT,
      'http://x/',
      () => {},
      (release) => releases.push(release),
    );
    expect(subscriptions.knows('http://x/', CLIENT)).toBe(false);
    expect(upstreams.subscriptions).toEqual([]);
    expect(releases).toMatchObject([{ code: 'OMNI_NAME_UNKNOWN' }]);
  });
});
