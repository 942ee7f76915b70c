/** HTTP headers as a flat list: name, value, name, value, … in order, names in any case. */
export type HeaderList = readonly string[];

/** Body of a message that is sent as it is: text goes out as UTF-8. */
export type Payload = string | Uint8Array;
