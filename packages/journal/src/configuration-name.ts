/** A core, or a core under settings: `trap`, `trap:shadow=drop`, `dynamic-sbe:branches=in-page:mirrors=1`. It stands in journals wherever a core does. */
export const CONFIGURATION_NAME = /^(?=.{1,128}$)[A-Za-z0-9][A-Za-z0-9._-]*(?::[A-Za-z0-9][A-Za-z0-9._-]*=[A-Za-z0-9][A-Za-z0-9._-]*)*$/;
