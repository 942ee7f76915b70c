export {
  Catalogue,
  type CatalogueOptions,
  type Target,
  type ToolOverview,
  type UpstreamOverview,
} from './catalogue.ts';
export { CatalogueRefresher, type CatalogueRefresherOptions } from './reading/catalogue-refresher.ts';
export { readCatalogue, type CatalogueReaderOptions, type Identity } from './reading/catalogue-reader.ts';
export { VariantReader, type VariantReaderOptions } from './variants/variant-reader.ts';
export type { CatalogueChange, ChangeKind, ChangeListener } from './snapshot/change-announcer.ts';
export {
  nameTable,
  type ExposedName,
  type NameTable,
  type NameTableOptions,
  type OwnedName,
  type PrefixPolicy,
} from './names/exposed-name.ts';
export { checkHeaderParams, mirroredHeaders, type HeaderParam } from './reading/header-params.ts';
export type { ListSource, ListSources } from './variants/list-source.ts';
export type { ListLimits } from './reading/list-walk.ts';
export { projectToolForLegacy, type LegacyProjection } from './reading/schema-projection.ts';
export {
  emptyList,
  type CatalogueItem,
  type LegacyTool,
  type ListKind,
  type ToolFacts,
  type ToolItem,
  type UpstreamCatalogue,
  type UpstreamList,
  type WithheldItem,
} from './reading/upstream-catalogue.ts';
export { UriTemplate, type MatchBudget } from './names/uri-template.ts';
