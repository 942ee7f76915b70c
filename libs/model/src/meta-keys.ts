/** Key of `_meta` that names the `subscriptions/listen` to which a notification of the modern era belongs. */
export const META_SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
