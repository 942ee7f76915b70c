import { describe, expect, it } from '@jest/globals';
import { ResourceSubscriptions } from './resource-subscriptions.ts';
import { clientOf, ScriptedViews, ScriptedUpstreams } from './router.fixture.ts';

const CLIENT = clientOf('modern');

describe('ResourceSubscriptions', () => {
  it('subscribes at the first of the servers that may have the resource', () => {
    const [views, upstreams] = [new ScriptedViews(), new ScriptedUpstreams()];
    views.owners = ['mail', 'files'];
    const subscriptions = new ResourceSubscriptions({ views, upstreams });
    const releases: unknown[] = [];
    subscriptions.subscribe(
      CLIENT,
      'file:///a',
      () => {},
      (release) => releases.push(release),
    );
    expect(upstreams.subscriptions).toEqual(['mail file:///a']);
    expect(releases).toEqual([expect.any(Function)]);
  });

  it('says that nobody has the resource', () => {
    const [views, upstreams] = [new ScriptedViews(), new ScriptedUpstreams()];
    const subscriptions = new ResourceSubscriptions({ views, upstreams });
    const releases: unknown[] = [];
    subscriptions.subscribe(
      CLIENT,
      'http://x/',
      () => {},
      (release) => releases.push(release),
    );
    expect(upstreams.subscriptions).toEqual([]);
    expect(releases).toMatchObject([{ code: 'OMNI_NAME_UNKNOWN' }]);
  });
});
