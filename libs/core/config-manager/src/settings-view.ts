// An entry of its own: who only reads configurations does not carry what shows and changes them.
export {
  settingsDifference,
  settingsView,
  type ServerOwner,
  type SettingDifference,
  type SettingOrigin,
  type SettingsView,
  type SettingView,
} from './view/settings-view.ts';
export { environmentExample, namedVariables, type NamedVariable } from './view/named-variables.ts';
export { migratedText, type MigratedText } from './migrate/migrated-text.ts';
