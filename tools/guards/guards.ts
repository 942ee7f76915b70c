import type { Guard } from './guard.ts';
import { ADAPTER_GUARDS } from './list/adapters.ts';
import { CATALOGUE_GUARDS } from './list/catalogue.ts';
import { CONFIGURATION_GUARDS } from './list/configuration.ts';
import { COORDINATOR_GUARDS } from './list/coordinator.ts';
import { END_TO_END_GUARDS } from './list/end-to-end.ts';
import { FRONT_GUARDS } from './list/front.ts';
import { IDENTITY_GUARDS } from './list/identity.ts';
import { HTTP_UPSTREAM_GUARDS } from './list/http-upstreams.ts';
import { LIFECYCLE_GUARDS } from './list/lifecycle.ts';
import { LISTENER_GUARDS } from './list/listeners.ts';
import { MESSAGE_GUARDS } from './list/messages.ts';
import { OBSERVING_GUARDS } from './list/observing.ts';
import { ACCESS_GUARDS } from './list/policy.ts';
import { POLICY_GUARDS } from './list/policies.ts';
import { SECRET_GUARDS } from './list/secrets.ts';
import { ROUTER_GUARDS } from './list/router.ts';
import { SESSION_GUARDS } from './list/sessions.ts';
import { STORE_GUARDS } from './list/store.ts';
import { STREAM_GUARDS } from './list/streams.ts';
import { TEXT_GUARDS } from './list/text.ts';
import { UPSTREAM_GUARDS } from './list/upstreams.ts';

/** Every guard whose test is shown to fail without it. */
export const GUARDS: readonly Guard[] = [
  ...FRONT_GUARDS,
  ...IDENTITY_GUARDS,
  ...SESSION_GUARDS,
  ...STREAM_GUARDS,
  ...TEXT_GUARDS,
  ...MESSAGE_GUARDS,
  ...CATALOGUE_GUARDS,
  ...CONFIGURATION_GUARDS,
  ...ROUTER_GUARDS,
  ...UPSTREAM_GUARDS,
  ...POLICY_GUARDS,
  ...SECRET_GUARDS,
  ...ACCESS_GUARDS,
  ...LIFECYCLE_GUARDS,
  ...HTTP_UPSTREAM_GUARDS,
  ...LISTENER_GUARDS,
  ...ADAPTER_GUARDS,
  ...STORE_GUARDS,
  ...COORDINATOR_GUARDS,
  ...END_TO_END_GUARDS,
  ...OBSERVING_GUARDS,
];
