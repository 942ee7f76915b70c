export { Catalogue, type CatalogueOptions, type Target, type ToolOverview, type UpstreamOverview } from './catalogue.ts';
export { CatalogueRefresher, type CatalogueRefresherOptions } from './catalogue-refresher.ts';
export { readCatalogue, type CatalogueReaderOptions, type Identity } from './catalogue-reader.ts';
export { VariantReader, type VariantReaderOptions } from './variant-reader.ts';
export type { CatalogueChange, ChangeKind, ChangeListener } from './change-announcer.ts';
export { nameTable, type ExposedName, type NameTable, type NameTableOptions, type OwnedName, type PrefixPolicy } from './exposed-name.ts';
export { checkHeaderParams, mirroredHeaders, type HeaderParam } from './header-params.ts';
export type { ListSource, ListSources } from './list-source.ts';
export type { ListLimits } from './list-walk.ts';
export { projectToolForLegacy, type LegacyProjection } from './schema-projection.ts';
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
} from './upstream-catalogue.ts';
export { UriTemplate, type MatchBudget } from './uri-template.ts';
