import type { paths } from "./api.js";
import type { Call } from "./types.js";

type Method = "get" | "post" | "put" | "patch" | "delete";
type Json<T> = T extends { content: { "application/json": infer Document } } ? Document : undefined;

/** The paths of auth_api that have an operation with a method. */
export type PathsOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];

type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never;

type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer Body } } }
  ? { readonly body: Body }
  : O extends { requestBody?: { content: { "application/json": infer Body } } }
    ? { readonly body?: Body }
    : object;

type PathOf<O> = O extends { parameters: { path: infer Parameters } } ? { readonly path: Parameters } : object;

type QueryOf<O> = O extends { parameters: { query?: infer Query } }
  ? [Query] extends [undefined]
    ? object
    : { readonly query?: Query }
  : object;

/** What a request contains: `body`, `path` and `query` as the operation declares them. */
export type RequestOf<O> = BodyOf<O> & PathOf<O> & QueryOf<O> & { readonly signal?: AbortSignal };

/** The document of a successful response. */
export type ResultOf<O> = O extends { responses: infer Responses }
  ? { [Status in keyof Responses & (200 | 201 | 202 | 204)]: Json<Responses[Status]> }[keyof Responses & (200 | 201 | 202 | 204)]
  : never;

type Arguments<O> = object extends RequestOf<O> ? [request?: RequestOf<O>] : [request: RequestOf<O>];

type Send<M extends Method> = <P extends PathsOf<M>>(
  path: P,
  ...request: Arguments<Operation<P, M>>
) => Promise<ResultOf<Operation<P, M>>>;

/** All operations of auth_api, typed by its OpenAPI document; each throws `AuthError`. */
export interface Api {
  readonly GET: Send<"get">;
  readonly POST: Send<"post">;
  readonly PUT: Send<"put">;
  readonly PATCH: Send<"patch">;
  readonly DELETE: Send<"delete">;
}

interface AnyRequest {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Returns the operations, which send their requests by a function. */
export function typedApi(call: Call): Api {
  const send = (method: string) => (template: string, { path, ...request }: AnyRequest = {}) => {
    // An empty value, `.` and `..` would lead to another operation, such as that for the whole list; `!` leads to none.
    const segment = (_: string, name: string) => encodeURIComponent(path![name]!).replace(/^\.*$/, "!");
    return call(method, template.replace(/{(\w+)}/g, segment), request);
  };
  const api = { GET: send("GET"), POST: send("POST"), PUT: send("PUT"), PATCH: send("PATCH"), DELETE: send("DELETE") };
  return api as unknown as Api;
}
