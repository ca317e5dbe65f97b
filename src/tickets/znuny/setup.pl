#!/usr/bin/perl
# What Tandem needs in Znuny 6.5 or 7. An administrator of Znuny runs it once, as Znuny's user, in Znuny's directory:
#
#     perl /path/to/setup.pl tandem@city.example
#
# The address is of the user `tandem`, which is made with a password that is printed once: `token` of Tandem's
# configuration. The web service is then at …/nph-genericinterface.pl/Webservice/Tandem, which is its `url`. People
# who work on these tickets get the group `tandem`.
use strict;
use warnings;
use utf8;
use open qw( :std :encoding(UTF-8) );

use Cwd;
use File::Basename qw( dirname );
use lib getcwd(), getcwd() . '/Kernel/cpan-lib', getcwd() . '/Custom';
use Kernel::System::ObjectManager;

my $email = shift or die "Which address has the user tandem?\n";
my @queues = ( '12345 工单', '110 警单' );

# Name, label, and the values of a list. The first three are Tandem's own.
my @fields = (
    [ 'TandemID',         'Tandem 编号' ],
    [ 'TandemCall',       '通话编号' ],
    [ 'TandemMode',       '办理方式', [qw( transfer conference push )] ],
    [ 'TandemUrgency',    '紧急程度', [qw( emergency at-once routine )] ],
    [ 'TandemCategory',   '事项类别' ],
    [ 'TandemItem',       '事项细类' ],
    [ 'TandemCaller',     '联系电话' ],
    [ 'TandemCallerName', '来电人' ],
    [ 'TandemAddress',    '事发地址' ],
);

local $Kernel::OM = Kernel::System::ObjectManager->new( 'Kernel::System::Log' => { LogPrefix => 'Tandem' } );
my %by = ( UserID => 1, ChangeUserID => 1, ValidID => 1 );
my $of = sub { $Kernel::OM->Get("Kernel::System::$_[0]") };

die "There is a group tandem already; nothing was done\n" if { reverse $of->('Group')->GroupList() }->{tandem};

my $group = $of->('Group')->GroupAdd( Name => 'tandem', Comment => 'Works on the tickets that Tandem makes', %by ) or die;
for my $name (@queues) {
    $of->('Queue')->QueueAdd( Name => $name, GroupID => $group, SystemAddressID => 1, SalutationID => 1, SignatureID => 1, FollowUpID => 1, %by ) or die;
}

my $order = 7000;
for (@fields) {
    my ( $name, $label, $values ) = @$_;
    my $config = $values ? { PossibleValues => { map { $_ => $_ } @$values }, PossibleNone => 1, TranslatableValues => 0, DefaultValue => '' } : { DefaultValue => '' };
    $of->('DynamicField')->DynamicFieldAdd( Name => $name, Label => $label, FieldOrder => ++$order, FieldType => $values ? 'Dropdown' : 'Text', ObjectType => 'Ticket', Config => $config, %by ) or die;
}

# People see them; the first three they do not change.
my %zoom = map { $_->[0] => 1 } @fields;
my %edit = map { $_->[0] => 1 } @fields[ 3 .. $#fields ];
my @settings = ( [ 'Ticket::Frontend::AgentTicketZoom###DynamicField', \%zoom ], [ 'Ticket::Frontend::AgentTicketFreeText###DynamicField', \%edit ] );
for (@settings) {
    my ( $setting, $shown ) = @$_;
    my %now = $of->('SysConfig')->SettingGet( Name => $setting );
    my $lock = $of->('SysConfig')->SettingLock( Name => $setting, UserID => 1, Force => 1 );
    $of->('SysConfig')->SettingUpdate( Name => $setting, IsValid => 1, EffectiveValue => { %{ $now{EffectiveValue} || {} }, %$shown }, ExclusiveLockGUID => $lock, UserID => 1 );
}
$of->('SysConfig')->ConfigurationDeploy( Comments => 'Tandem', UserID => 1, Force => 1, DirtySettings => [ map { $_->[0] } @settings ] );

# The tickets' customer is Tandem as well: Znuny makes none without one.
my $password = $of->('Main')->GenerateRandomString( Length => 32 );
my $user = $of->('User')->UserAdd( UserFirstname => 'Tandem', UserLastname => 'Program', UserLogin => 'tandem', UserPw => $password, UserEmail => $email, %by ) or die;
$of->('Group')->PermissionGroupUserAdd( GID => $group, UID => $user, Permission => { ro => 1, create => 1, note => 1, rw => 1 }, %by ) or die;
$of->('CustomerUser')->CustomerUserAdd( Source => 'CustomerUser', UserFirstname => 'Tandem', UserLastname => 'Program', UserCustomerID => 'tandem', UserLogin => 'tandem', UserEmail => $email, %by ) or die;

my $yaml = $of->('Main')->FileRead( Location => dirname(__FILE__) . '/webservice.yml', Mode => 'utf8' );
my $service = $of->('YAML')->Load( Data => $$yaml ) or die;
$of->('GenericInterface::Webservice')->WebserviceAdd( Name => 'Tandem', Config => $service, %by ) or die;

print "$password\n";
