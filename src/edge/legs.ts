import type { Dialog, Request, Response } from 'drachtio-srf'
import type Srf from 'drachtio-srf'
import type { Headers } from '../domain/edge/headers.ts'

export interface LegOrder {
  readonly uri: string
  readonly headers: Headers
  /** Empty: whoever is called makes the offer. */
  readonly body: string
  /** How long there may be no answer at all, ms; as long as the stack has patience when left out. */
  readonly silenceMs?: number
}

export type LegResult =
  | { readonly kind: 'answered'; readonly dialog: Dialog }
  /** It makes the offer: its dialog is there once it has been answered. */
  | { readonly kind: 'offered'; readonly sdp: string; readonly response: Response; answer(sdp: string): Promise<Dialog>; leave(): void }
  /** Without a response there was none in time. */
  | { readonly kind: 'failed'; readonly status: number | undefined; readonly rang: boolean; readonly response?: Response }

interface Late {
  readonly sdp: string
  readonly res: Response
  ack(sdp: string): Promise<Dialog>
  destroy(): Promise<void>
}

/** One INVITE to one target. */
export class LegAttempt {
  readonly result: Promise<LegResult>
  #request: Request | undefined
  #left = false
  #rang = false
  readonly #settle: (result: LegResult) => void
  #silence: NodeJS.Timeout | undefined

  /** @param ringing each 18x */
  constructor(srf: Srf, { uri, headers, body, silenceMs }: LegOrder, ringing: (response: Response) => void) {
    const { promise, resolve } = Promise.withResolvers<LegResult>()
    this.result = promise
    this.#settle = (result) => {
      clearTimeout(this.#silence)
      resolve(result)
    }
    if (silenceMs !== undefined) {
      this.#silence = setTimeout(() => {
        this.leave()
        this.#settle({ kind: 'failed', status: undefined, rang: false })
      }, silenceMs)
    }
    void this.#invite(srf, { uri, headers, body }, ringing)
  }

  /** Nobody wants it any longer. Should it be answered all the same, it is ended at once. */
  leave(): void {
    this.#left = true
    this.#cancel()
  }

  #cancel(): void {
    // Before the request is on its way there is nothing to cancel; it is then as it goes out.
    this.#request?.cancel(() => undefined)
  }

  async #invite(srf: Srf, { uri, headers, body }: LegOrder, ringing: (response: Response) => void): Promise<void> {
    try {
      const dialog = (await srf.createUAC(
        uri,
        { headers, ...(body === '' ? { noAck: true } : { localSdp: body }) },
        {
          cbRequest: (_error, request) => {
            this.#request = request
            if (this.#left) this.#cancel()
          },
          cbProvisional: (response) => {
            clearTimeout(this.#silence)
            if (response.status === 100 || this.#left) return
            this.#rang = true
            ringing(response)
          },
        },
      )) as Dialog | Late
      // A dialog has an `ack` too: each method’s name is one of its own.
      if (!('sip' in dialog)) this.#offered(dialog)
      else if (this.#left) await dialog.destroy()
      else this.#settle({ kind: 'answered', dialog })
    } catch (error) {
      const { status, res } = error as { status?: number; res?: Response }
      this.#settle({ kind: 'failed', status, rang: this.#rang, ...(res ? { response: res } : {}) })
    }
  }

  #offered(late: Late): void {
    const leave = () => void late.destroy()
    if (this.#left) leave()
    else this.#settle({ kind: 'offered', sdp: late.sdp, response: late.res, answer: (sdp) => late.ack(sdp), leave })
  }
}
