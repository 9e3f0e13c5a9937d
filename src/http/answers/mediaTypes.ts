/** The media type of JSON. */
export const JSON_TYPE = 'application/json';

/** The media type of a line of JSON for each log. */
export const NDJSON_TYPE = 'application/x-ndjson';
