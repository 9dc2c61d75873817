/** How the body of an answer is written. */
export interface Rendering {
  contentType: string
  /** @param root name of the answer, where the format names it */
  write(body: object, root: string): string
}

/** JSON, the default. */
export const json: Rendering = {
  contentType: 'application/json;charset=utf-8', // the Java SDK refuses an answer without a content type
  write: (body) => JSON.stringify(body),
}

/** The formats that `Format` can name, in lower case. */
export const renderings: ReadonlyMap<string, Rendering> = new Map([['json', json]])
