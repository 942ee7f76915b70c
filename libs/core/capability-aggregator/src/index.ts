export { Catalogue, type CatalogueOptions, type CatalogueReading } from './catalogue.ts';
export { canonicalUri } from './names/canonical-uri.ts';
export type { OwnedName, PrefixPolicy } from './names/exposed-name.ts';
export { UriTemplate, type MatchBudget } from './names/uri-template.ts';
export { readCatalogue, type CatalogueReaderOptions } from './reading/catalogue-reader.ts';
export {
  CatalogueRefresher,
  type CatalogueRefresherOptions,
  type OnListed,
} from './reading/catalogue-refresher.ts';
export { keptLists, type KeptList, restoredCatalogue } from './reading/kept-catalogue.ts';
export type { HeaderParam } from './reading/header-params.ts';
export { ListBudget, type ListBudgetOptions, type ListRoom } from './reading/list-budget.ts';
export type { ListLimits } from './reading/list-walk.ts';
export type {
  CatalogueItem,
  LegacyTool,
  ToolFacts,
  ToolItem,
  UpstreamCatalogue,
  UpstreamList,
  WithheldItem,
} from './reading/upstream-catalogue.ts';
export type { ConfiguredUpstream } from './snapshot/catalogue-snapshot.ts';
export type { CatalogueChange, ChangeListener } from './snapshot/change-announcer.ts';
export type { UpstreamOverview, ListProblem } from './snapshot/upstream-overview.ts';
export { VariantReader, type VariantReaderOptions } from './variants/variant-reader.ts';
export { CompiledViews, type CompiledViewsOptions } from './compiled-views.ts';
export { UNLISTED_KINDS, type UnlistedKind } from './views/unlisted-kinds.ts';
export type { IsVisible, OfferedItem, ViewSpec } from './views/view-filter.ts';
