/** What the API answered. */
export interface ApiAnswer<T = Record<string, unknown>> {
  readonly status: number
  readonly headers: Headers
  readonly body: T
}

/** A small client of the HTTP interface, as a phone or a desk would use it. */
export class Api {
  readonly address: string
  readonly key: string

  constructor(address: string, key: string) {
    this.address = address
    this.key = key
  }

  get<T>(path: string): Promise<ApiAnswer<T>> {
    return this.#request<T>('GET', path)
  }

  post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer<T>> {
    return this.#request<T>('POST', path, { 'content-type': 'application/json', ...headers }, JSON.stringify(body))
  }

  put<T>(path: string, body: unknown): Promise<ApiAnswer<T>> {
    return this.#request<T>('PUT', path, { 'content-type': 'application/json' }, JSON.stringify(body))
  }

  patch<T>(path: string, body: unknown): Promise<ApiAnswer<T>> {
    return this.#request<T>('PATCH', path, { 'content-type': 'application/json' }, JSON.stringify(body))
  }

  async #request<T>(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<ApiAnswer<T>> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...headers },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(10_000),
    })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    return { status: response.status, headers: response.headers, body: (type.includes('json') ? JSON.parse(text) : text) as T }
  }
}
