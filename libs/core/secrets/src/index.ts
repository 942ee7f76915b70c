export {
  LocalKeyWrapper,
  rewrap,
  seal,
  sealContext,
  type SealedSecret,
  sealedSecretOf,
  unseal,
} from './envelope/envelope.ts';
export { KeyRing, type SealingKeys } from './envelope/key-ring.ts';
export { SealedSecrets, type SealedSecretsOptions } from './envelope/sealed-secrets.ts';
export { StoredCredentials, type StoredCredentialsOptions } from './envelope/stored-credentials.ts';
export { SecretCredentials, type UpstreamWithSecrets } from './credentials/secret-credentials.ts';
export type { SecretRule, SecretRules, SecretUser } from './access/secret-rules.ts';
export type { SecretRoutesOptions } from './providers/secret-routes.ts';
export { MIN_MASKED_LENGTH, Secrets, type SecretsOptions, type WatchedSecret } from './secrets.ts';
