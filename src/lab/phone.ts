/**
 * A real SIP phone (baresip 1.1) with a tone of its own as its microphone, for the demo, the tests and the benchmarks.
 *
 * Its tone lasts ten minutes; baresip ends a call whose microphone has run dry. It has one line: a second call gets 486.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inRealTime } from '../cli/real-time.mjs'
import { phoneFiles, type PhoneOptions, renderAccount, renderPhoneConfig } from './phone-config.ts'
import { connectControl, type PhoneControl, PhoneCommandError } from './phone-control.ts'
import { type PhoneEvent, PhoneLog, type PhoneState, PhoneTimeoutError } from './phone-log.ts'
import { type Recorder, sentRecording, startRecorder } from './phone-recorder.ts'
import { freePort, freePortRange } from './ports.ts'
import { type RootProcess, startInRoot } from './process.ts'
import { endedAtMs, joined, type Recording } from './recording.ts'
import { lastInviteReceived, type SipHeaders } from './sip-trace.ts'
import { heardBetween } from './tones.ts'
import { encodeWav, writeToneWav } from './wav.ts'

export type { PhoneOptions } from './phone-config.ts'
export { PhoneCommandError } from './phone-control.ts'
export { type PhoneEvent, type PhoneState, PhoneTimeoutError } from './phone-log.ts'

const toneSeconds = 600
/**
 * Real-time: its sound keeps its pace on a busy machine, and a race in baresip 1.1 stays closed (`aufile_play.c`: a player
 * that is ended before its thread has run once, as by the quick answer to a re-INVITE, plays on beside the next one).
 */
const priority = 20
/** A key and the pause after it, long enough for any PBX to tell two of the same apart. */
const dtmfSpacingMs = 200
const registrationTimeoutMs = 5000
const rtpPortCount = 10
const firstRtpPort = 24_000

export interface Phone {
  readonly name: string
  /** Where it listens for SIP, UDP and TCP. */
  readonly sipPort: number
  readonly state: PhoneState
  /** Everything that happened, oldest first. */
  readonly events: readonly PhoneEvent[]
  /** The other end of the present or last call; on an incoming call, the caller's number as the phone shows it. */
  readonly peer: { readonly uri: string; readonly number: string; readonly name?: string } | undefined
  /** How the last call ended: the SIP code when an answer ended it, and the reason in words. */
  readonly ended: { readonly code?: number; readonly reason: string } | undefined
  /** Subscribes to events; returns how to end that. */
  on(listener: (event: PhoneEvent) => void): () => void
  /** Returns at once when the phone is in that state. @throws PhoneTimeoutError after `timeoutMs` (default 5000) */
  waitFor(state: PhoneState, timeoutMs?: number): Promise<void>
  /** Calls a number at the PBX, or a whole SIP URI; resolves when the INVITE is sent. @throws PhoneCommandError */
  dial(target: string): Promise<void>
  /** @throws PhoneCommandError when nothing is ringing */
  answer(): Promise<void>
  /** 486 Busy Here: baresip 1.1 cannot choose another code. @throws PhoneCommandError when nothing is ringing */
  reject(): Promise<void>
  /** While on, every new call is answered 480 Temporarily Unavailable at once. */
  doNotDisturb(on: boolean): Promise<void>
  /** Ends the call: BYE, CANCEL, or 486 when it is incoming; nothing happens without a call. */
  hangUp(): Promise<void>
  /** Re-INVITE with `sendonly`; resolves when the other side has agreed. @throws PhoneTimeoutError */
  hold(): Promise<void>
  /** Re-INVITE with `sendrecv`; resolves when the other side has agreed. @throws PhoneTimeoutError */
  resume(): Promise<void>
  /** Presses keys (`0-9*#`; RFC 4733), five in a second; resolves after the last. */
  sendDtmf(digits: string): Promise<void>
  /**
   * All that this phone has heard since its first call, on the clock of `performance.now()`; silence where it was in no
   * call. Reaches to 300 ms ago, or to the end of the last call; true to the clock within 50 ms.
   */
  heard(): Recording
  /** All that it has sent, likewise. Media that is renewed within a second of its start begins again. */
  sent(): Promise<Recording>
  /**
   * Listens for `forMs` (default 600) from now.
   *
   * @returns whose tones were heard most of that time
   * @throws PhoneTimeoutError when no media flows to the loudspeaker: it is in no call
   */
  listen<Name extends string>(tones: Readonly<Record<Name, number>>, forMs?: number): Promise<Name[]>
  /** Headers of the last INVITE that arrived, names in lower case. */
  incomingHeaders(): Promise<SipHeaders | undefined>
  /** Ends its call and registration, then the program; leaves `heard.wav`. May be called again. */
  stop(): Promise<void>
}

class BaresipPhone implements Phone {
  readonly name: string
  readonly sipPort: number
  readonly #options: PhoneOptions
  readonly #log: PhoneLog
  readonly #control: PhoneControl
  readonly #recorder: Recorder
  readonly #process: RootProcess
  #stopped: Promise<void> | undefined

  constructor(options: PhoneOptions, sipPort: number, log: PhoneLog, control: PhoneControl, recorder: Recorder, process: RootProcess) {
    this.name = options.name
    this.sipPort = sipPort
    this.#options = options
    this.#log = log
    this.#control = control
    this.#recorder = recorder
    this.#process = process
  }

  get state() {
    return this.#log.state
  }

  get events() {
    return this.#log.events
  }

  get peer() {
    const event = this.events.findLast((candidate) => candidate.peerUri !== undefined)
    if (event?.peerUri === undefined) return undefined
    const number = /^sips?:([^@;]*)@/.exec(event.peerUri)?.[1] ?? ''
    return { uri: event.peerUri, number, ...(event.peerName !== undefined && { name: event.peerName }) }
  }

  get ended() {
    const reason = this.events.findLast((event) => event.type === 'CALL_CLOSED')?.param
    if (reason === undefined) return undefined
    const code = /^[3-6]\d\d\b/.exec(reason)?.[0]
    return { reason, ...(code !== undefined && { code: Number(code) }) }
  }

  on(listener: (event: PhoneEvent) => void) {
    return this.#log.on(listener)
  }

  async waitFor(state: PhoneState, timeoutMs = 5000) {
    if (this.state !== state) await this.#log.next((event) => event.state === state, state, timeoutMs)
  }

  async dial(target: string) {
    const { host, port } = this.#options.sip
    if (this.state !== 'idle') throw new PhoneCommandError(`${this.name} is in a call`)
    this.#log.state = 'dialling'
    try {
      const told = await this.#control.command('dial', target.startsWith('sip:') ? target : `sip:${target}@${host}:${port}`)
      this.#log.callId = /call id: (\S+)/.exec(told)?.[1]
    } catch (error) {
      this.#log.state = 'idle'
      throw error
    }
  }

  async answer() {
    await this.#control.command('accept', this.#log.callId)
  }

  async reject() {
    if (this.state !== 'incoming') throw new PhoneCommandError(`${this.name} has no incoming call`)
    await this.hangUp()
  }

  async doNotDisturb(on: boolean) {
    await this.#control.command('dnd', String(on))
  }

  async hangUp() {
    if (this.state === 'idle') return
    try {
      // With its id: before the first 18x baresip's menu knows of no call.
      await this.#control.command('hangup', this.#log.callId)
    } catch (error) {
      // The other end may have been quicker; what happened to the call is told before the command's answer.
      if (this.#log.state !== 'idle') throw error
    }
  }

  hold() {
    return this.#renegotiate('hold')
  }

  resume() {
    return this.#renegotiate('resume')
  }

  async sendDtmf(digits: string) {
    for (const digit of digits) {
      await this.#control.command('sndcode', digit)
      await delay(dtmfSpacingMs)
    }
  }

  heard() {
    return joined(this.#recorder.recordings())
  }

  async sent() {
    return joined(await sentRecording(this.#options.dir))
  }

  async listen<Name extends string>(tones: Readonly<Record<Name, number>>, forMs = 600) {
    const fromMs = performance.now()
    const toMs = fromMs + forMs
    const giveUpMs = toMs + 2000
    while (endedAtMs(this.heard()) < toMs) {
      if (performance.now() > giveUpMs) throw new PhoneTimeoutError(`${this.name} hears nothing: ${this.state}`)
      await delay(40)
    }
    return heardBetween(this.heard(), tones, fromMs, toMs)
  }

  incomingHeaders() {
    return lastInviteReceived(this.#process.logFile)
  }

  stop() {
    this.#stopped ??= this.#end()
    return this.#stopped
  }

  async #end() {
    await this.#process.stop()
    this.#control.close()
    this.#recorder.close()
    const heard = this.heard()
    await writeFile(join(this.#options.dir, 'heard.wav'), encodeWav(heard.samples, heard.sampleRate))
  }

  async #renegotiate(command: 'hold' | 'resume') {
    const agreed = this.#log.next(
      (event) => event.type === 'CALL_REMOTE_SDP' && event.param === 'answer',
      `answer to ${command}`,
      5000,
    )
    const refused = (error: unknown) => {
      // baresip 1.1 calls the `resume` of a lone call refused although it has sent the re-INVITE: the answer decides.
      if (command === 'hold') throw error
    }
    await Promise.all([this.#control.command(command, this.#log.callId).catch(refused), agreed])
  }
}

/**
 * Starts a phone; with `register: true` it returns when the PBX has answered the REGISTER with 200.
 *
 * @throws PhoneCommandError when baresip does not start or refuses the account
 * @throws PhoneTimeoutError when the registration is not accepted
 */
export async function startPhone(options: PhoneOptions): Promise<Phone> {
  const { name, dir } = options
  const sip = options.sipPort ?? (await freeSipPort(options.bindHost))
  const ports = { sip, control: await freePort(), rtp: await freePortRange(rtpPortCount, firstRtpPort) }
  await mkdir(join(dir, phoneFiles.sounds), { recursive: true })
  await writeFile(join(dir, 'config'), renderPhoneConfig(options, ports))
  await writeToneWav(join(dir, phoneFiles.tone), options.toneHz, toneSeconds)
  const recorder = await startRecorder(join(dir, phoneFiles.heard))
  const log = new PhoneLog(name)
  // `-s` writes every SIP message to the log, from which `incomingHeaders` reads.
  const process = await startInRoot({
    name,
    command: inRealTime(priority, ['baresip', '-4', '-s', '-f', dir]),
    cwd: dir,
    logFile: join(dir, 'baresip.log'),
  })
  try {
    const control = await connectControl(ports.control, (event) => {
      log.take(event)
    })
    const phone = new BaresipPhone(options, sip, log, control, recorder, process)
    // The account comes after the connection, so that the event of its registration is not missed.
    const registered = options.account.register ? register(log) : undefined
    await Promise.all([control.command('uanew', renderAccount(options)), registered])
    return phone
  } catch (error) {
    recorder.close()
    await process.stop()
    throw error
  }
}

/** baresip opens TLS on the port above, and does not start without it. */
async function freeSipPort(host?: string): Promise<number> {
  const port = await freePort(undefined, 'both', host)
  return (await freePort(port + 1, 'tcp', host)) === port + 1 ? port : await freeSipPort(host)
}

async function register(log: PhoneLog): Promise<void> {
  const event = await log.next((each) => /^REGISTER_(OK|FAIL)$/.test(each.type), 'registration', registrationTimeoutMs)
  if (event.type === 'REGISTER_FAIL') throw new PhoneCommandError(`registration refused: ${event.param ?? ''}`)
}
