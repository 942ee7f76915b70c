import { defaultConfiguration } from '@omni/config';
import type { GatewayConfiguration, GatewayConfigurationInput } from '../gateway-options.ts';
import { checkSettings } from './settings-check.ts';

/**
 * What a program gives, with the defaults of a configuration file for what it leaves out.
 *
 * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for a setting that is unknown or cannot be meant.
 */
export function wholeConfiguration(given: GatewayConfigurationInput = {}): GatewayConfiguration {
  const defaults = defaultConfiguration();
  checkSettings(given, { ...defaults });
  const limits = withDefaults(defaults.limits, given.limits);
  const maxUpstreamInFlight = given.limits?.maxUpstreamInFlight ?? limits.maxInFlight;
  return {
    ...given,
    server: withDefaults(defaults.server, given.server),
    auth: withDefaults(defaults.auth, given.auth),
    naming: withDefaults(defaults.naming, given.naming),
    sealing: withDefaults(defaults.sealing, given.sealing),
    // As in a file, a limit that says nothing is that of what it is a part of.
    limits: {
      ...limits,
      maxUpstreamInFlight,
      maxInstanceInFlight: given.limits?.maxInstanceInFlight ?? maxUpstreamInFlight,
    },
    storage: withDefaults(defaults.storage, given.storage),
    outgoing: withDefaults(defaults.outgoing, given.outgoing),
    catalogue: withDefaults(defaults.catalogue, given.catalogue),
    logging: withDefaults(defaults.logging, given.logging),
    upstreams: given.upstreams === undefined ? [] : given.upstreams,
  };
}

function withDefaults<Section extends object>(
  defaults: Section,
  given: Partial<Section> | undefined,
): Section {
  const said = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  // Holds: what was given are members of the section.
  return { ...defaults, ...(Object.fromEntries(said) as Partial<Section>) };
}
