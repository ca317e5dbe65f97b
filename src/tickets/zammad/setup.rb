# What Tandem needs in Zammad 6 or 7. An administrator of Zammad runs it once:
#
#     zammad run rails r /path/to/setup.rb tandem@city.example
#
# The address is of the user `tandem`, which is made with a token that is printed once: `token` of Tandem's configuration.
# People who work on these tickets get access to the two groups. Tables are changed: Zammad is to be restarted afterwards.
email = ARGV.first or abort 'Which address has the user tandem?'
abort 'There is a user tandem already; nothing was done' if User.exists?(login: 'tandem')

UserInfo.current_user_id = 1
by = { active: true, created_by_id: 1, updated_by_id: 1 }

groups = ['12345 工单', '110 警单']
groups.each { |name| Group.create_if_not_exists(name: name, **by) }

# For what is returned: Zammad itself has only `closed`.
Ticket::State.create_if_not_exists(name: 'rejected', state_type: Ticket::StateType.find_by(name: 'closed'), ignore_escalation: true, **by)

# Name, label, and the values of a list. The first three are Tandem's own, and not for people to change.
fields = [
  ['tandem_ticket', 'Tandem 编号'],
  ['tandem_call', '通话编号'],
  ['tandem_mode', '办理方式', %w[transfer conference push]],
  ['tandem_urgency', '紧急程度', %w[emergency at-once routine]],
  ['tandem_category', '事项类别'],
  ['tandem_item', '事项细类'],
  ['tandem_caller', '联系电话'],
  ['tandem_caller_name', '来电人'],
  ['tandem_address', '事发地址'],
]
fields.each_with_index do |(name, display, values), n|
  option = values ? { options: values.to_h { |value| [value, value] }, default: '', nulloption: true, multiple: false } : { type: 'text', default: '' }
  ObjectManager::Attribute.add(
    object:      'Ticket',
    name:        name,
    display:     display,
    data_type:   values ? 'select' : 'input',
    data_option: { null: true, maxlength: 500, **option },
    active:      true,
    editable:    true,
    screens:     n < 3 ? {} : { 'create_middle' => { 'ticket.agent' => { 'shown' => true } }, 'edit' => { 'ticket.agent' => { 'shown' => true } } },
    position:    1600 + n,
    created_by_id: 1,
    updated_by_id: 1,
  )
end
ObjectManager::Attribute.migration_execute

user = User.create!(login: 'tandem', firstname: 'Tandem', lastname: 'Program', email: email, roles: Role.where(name: 'Agent'), **by)
user.group_names_access_map = groups.to_h { |name| [name, %w[full]] }
user.save!
token = Token.create!(action: 'api', persistent: true, user_id: user.id, name: 'Tandem', preferences: { permission: ['ticket.agent'] })
puts token.token
