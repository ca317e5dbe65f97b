export interface PhoneOptions {
  readonly name: string
  /** A directory of its own, below `.runtime`; made when it is not there. */
  readonly dir: string
  readonly toneHz: number
  /** The PBX. */
  readonly sip: { readonly host: string; readonly port: number; readonly transport?: 'udp' | 'tcp' }
  readonly account: {
    readonly user: string
    readonly password?: string
    readonly register: boolean
    readonly displayName?: string
    /** User part of From, when it is not `user`: the number that a trunk presents. */
    readonly from?: string
  }
  /** Loopback address of its SIP and SDP (default 127.0.0.1). RTP is sent from 127.0.0.1 whatever is given. */
  readonly bindHost?: string
  /** Where it listens for SIP; a free port when left out. */
  readonly sipPort?: number
  readonly answer: 'auto' | 'manual'
}

/** What `startPhone` chose for itself. */
export interface PhonePorts {
  readonly sip: number
  readonly control: number
  readonly rtp: readonly [first: number, last: number]
}

/** All relative to the phone's own directory, where it runs: baresip keeps paths in small buffers. */
export const phoneFiles = { tone: 'tone.wav', heard: 'heard.fifo', sounds: 'no-sounds' } as const

/**
 * baresip 1.1's configuration. `net_interface` with an address puts SIP and the SDP on it; the RTP sockets are bound to
 * all addresses whatever is set (`bind_rtp_to_media_address` is of a later version).
 */
export function renderPhoneConfig(options: PhoneOptions, ports: PhonePorts): string {
  const { bindHost = '127.0.0.1' } = options
  return `poll_method epoll
sip_listen ${bindHost}:${ports.sip}
sip_trans_def ${options.sip.transport ?? 'udp'}
net_interface ${bindHost}
call_max_calls 1
call_local_timeout 3600
audio_path ${phoneFiles.sounds}
audio_source aufile,${phoneFiles.tone}
audio_player aufile,${phoneFiles.heard}
audio_alert aufile,/dev/null
audio_buffer 40-100
jitter_buffer_type off
rtp_ports ${ports.rtp[0]}-${ports.rtp[1]}
snd_path .
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:${ports.control}
`
}

/** The account as `uanew` takes it; PCMA is offered first. */
export function renderAccount({ account, sip, answer }: PhoneOptions): string {
  const { user, password, register, displayName, from = user } = account
  const pbx = `${sip.host}:${sip.port};transport=${sip.transport ?? 'udp'}`
  const parameters = [
    `auth_user=${user}`,
    ...(password === undefined ? [] : [`auth_pass=${password}`]),
    `regint=${register ? 300 : 0}`,
    `outbound="sip:${pbx}"`,
    `answermode=${answer}`,
    'audio_codecs=PCMA/8000/1,PCMU/8000/1',
    'mwi=no',
  ]
  return `${displayName === undefined ? '' : `"${displayName}" `}<sip:${from}@${pbx}>;${parameters.join(';')}`
}
