import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface SmallPbx {
  readonly dir: string
  readonly sipPort: number
  /** ARI, user and password `lab`. */
  readonly httpPort: number
  /** Where the endpoint `odd` is: a static contact, no registration. */
  readonly oddPort: number
}

export const password = 'lab-only'

const endpoint = (name: string) => `
[${name}]
type=endpoint
context=phones
disallow=all
allow=alaw,ulaw
direct_media=no
auth=${name}
aors=${name}
[${name}]
type=auth
auth_type=userpass
username=${name}
password=${password}
[${name}]
type=aor
max_contacts=1
remove_existing=yes
`

const files = ({ dir, sipPort, httpPort, oddPort }: SmallPbx): Record<string, string> => ({
  'asterisk.conf': `[directories]
astetcdir => ${dir}
astmoddir => /usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/asterisk/modules
astvarlibdir => /var/lib/asterisk
astdbdir => ${dir}
astkeydir => ${dir}
astdatadir => /usr/share/asterisk
astspooldir => ${dir}
astrundir => ${dir}
astlogdir => ${dir}
`,
  'modules.conf': `[modules]
autoload=yes
${['chan_iax2', 'chan_unistim', 'chan_ooh323', 'chan_mobile', 'chan_dahdi', 'pbx_lua', 'pbx_ael', 'pbx_dundi', 'res_phoneprov', 'cdr_tds', 'cel_tds'].map((name) => `noload=${name}.so`).join('\n')}
`,
  'logger.conf': `[general]
dateformat=%F %T.%3q
[logfiles]
full => notice,warning,error,verbose
`,
  'http.conf': `[general]
enabled=yes
bindaddr=127.0.0.1
bindport=${httpPort}
`,
  'ari.conf': `[general]
enabled=yes
[lab]
type=user
password=lab
`,
  'rtp.conf': `[general]
rtpstart=18000
rtpend=19000
`,
  'musiconhold.conf': `[default]
mode=files
directory=moh
`,
  'indications.conf': `[general]
country=cn
[cn]
description = China
ringcadence = 1000,4000
dial = 450
busy = 450/350,0/350
ring = 450/1000,0/4000
congestion = 450/700,0/700
`,
  'pjsip.conf': `[global]
type=global
endpoint_identifier_order=ip,auth_username,username
[udp]
type=transport
protocol=udp
bind=127.0.0.1:${sipPort}
${endpoint('1001')}${endpoint('1002')}
[trunk]
type=endpoint
context=trunk
disallow=all
allow=alaw
direct_media=no
[trunk]
type=identify
endpoint=trunk
match=127.0.0.2
[odd]
type=endpoint
context=phones
disallow=all
allow=alaw
direct_media=no
aors=odd
[odd]
type=aor
contact=sip:odd@127.0.0.1:${oddPort}
`,
  'extensions.conf': `[phones]
include => trunk
[trunk]
exten => _100X,1,Dial(PJSIP/\${EXTEN},20)
 same => n,Hangup(\${HANGUPCAUSE})
exten => odd,1,Dial(PJSIP/odd,20)
 same => n,Hangup(\${HANGUPCAUSE})
exten => keys,1,Answer()
 same => n,Read(KEYS,,4,,1,8)
 same => n,Verbose(0,keys pressed: \${KEYS})
exten => music,1,Answer()
 same => n,MusicOnHold(,20)
exten => beeps,1,Answer()
 same => n,Wait(1)
 same => n,Verbose(0,beep)
 same => n,Playtones(!1100/300)
 same => n,Wait(0.737)
 same => n,Verbose(0,beep)
 same => n,Playtones(!1100/300)
 same => n,Wait(0.811)
 same => n,Verbose(0,beep)
 same => n,Playtones(!1100/300)
 same => n,Wait(1)
`,
})

/** Writes the configuration of a small Asterisk into `pbx.dir`: two registering endpoints, a trunk from 127.0.0.2, an odd one. */
export async function writeSmallPbx(pbx: SmallPbx): Promise<void> {
  await mkdir(pbx.dir, { recursive: true })
  for (const [name, content] of Object.entries(files(pbx))) await writeFile(join(pbx.dir, name), content)
}
