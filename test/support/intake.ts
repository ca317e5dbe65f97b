/** Forms that are filled in as each platform wants them. */
export const incident = {
  content: '人民路 18 号楼下有人持棍打架，已有一人倒地',
  incidentType: 'public-order',
  incidentLevel: '2',
  callerName: '王女士',
  callerNumber: '13800001234',
  address: '人民路 18 号',
  occurredAt: '2026-11-27T14:00:00+08:00',
  ongoing: true,
  injured: true,
} as const

export const order = {
  title: '路灯不亮',
  content: '人民路与江海路口的路灯三天不亮',
  requestType: 'help',
  callerName: '李先生',
  callerNumber: '13900005678',
  address: '人民路与江海路口',
} as const
