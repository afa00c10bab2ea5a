# The story told by DBD::Pg. Arguments: the district.
use strict;
use warnings;
use DBI;
use POSIX qw(strftime);

my ($district) = @ARGV;
my $noon = int(time / 86400) * 86400 + 43200;
sub at { strftime('%Y-%m-%dT%H:%M:%SZ', gmtime($noon - 86400 * shift)) }
# our schema in the path, as docs/clients.md says, for the operators of our types
my $db = DBI->connect("dbi:Pg:options='-c search_path=caseload,public'", undef, undef, { RaiseError => 1, PrintError => 0, AutoCommit => 1 });
sub one { my ($sql, @args) = @_; ($db->selectrow_array($sql, undef, @args))[0] }
sub row { my ($sql, @args) = @_; $db->selectrow_array($sql, undef, @args) }
sub refused { my ($sql, @args) = @_; eval { $db->do($sql, undef, @args); 1 } or print 'refused: ', $db->state, "\n" }

one('SELECT api.save_district(?)', $district);
print join(' ', 'saved:', one('SELECT api.save_site(?, ?, level => ?, time_zone => ?)', $district, 'S', 'elementary', 'America/New_York'),
  one('SELECT api.save_therapist(?, ?, ?, fte => ?, employed_from => ?, availability => ?)', $district, 'T', 'SLP', '1.0', '2026-01-05', 'Mon 08:00-12:00'),
  one('SELECT api.save_client(?, ?, site_id => ?, grade => ?)', $district, 'C', 'S', 2)), "\n";
print 'episode: ', one('SELECT api.open_episode(?, ?, ?)', $district, 'C', '2025-09-01'), "\n";
print 'service: ', one('SELECT api.save_service(?, ?, ?, ?, ?, ?, starts_on => ?)', $district, 'V', 'C', 'SLP', '2x30/week', 'T', substr(at(20), 0, 10)), "\n";
my @events = (['2026-03-02T14:00:00Z', 'attended'], [at(10), 'no_show'], [at(7), 'no_show'], [at(4), 'no_show'], [at(1), 'attended']);
print join(' ', 'recorded:', map { one('SELECT api.record_appointment(?, ?, ?, ?, ?, ?, ?, ?)', $district, 'C', @{ $events[$_] }, 30, 'T', 'V', "A$_") } 0 .. $#events), "\n";
my $flags = 'SELECT rule_name, severity, action, state FROM api.flags WHERE district_id = ?';
print join(' ', 'flag:', row($flags, $district)), "\n";
my $flag = one('SELECT flag_id FROM api.flags WHERE district_id = ?', $district);
print 'answered: ', one('SELECT api.dismiss_flag(?, ?, ?)', $district, $flag, 'was in hospital'), "\n";
print 'flags left: ', scalar @{ $db->selectall_arrayref($flags, undef, $district) }, "\n";
print 'recorded: ', one('SELECT api.record_appointment(?, ?, ?, ?, appointment_id => ?)', $district, 'C', at(2), 'no_show', 'A5'), "\n";
print join(' ', 'flag:', row($flags, $district)), "\n";
print 'answered: ', one('SELECT api.acknowledge_flag(?, ?, ?)', $district, one('SELECT flag_id FROM api.flags WHERE district_id = ?', $district), 'calling the family'), "\n";
print 'history: ', join(', ', @{ $db->selectcol_arrayref('SELECT step FROM api.flag_history(?, ?) ORDER BY at', undef, $district, $flag) }), "\n";
print 'recorded: ', one('SELECT api.record_appointment(?, ?, ?, appointment_id => ?)', $district, 'C', at(-3), 'A6'), "\n";
print 'cancelled: ', one('SELECT api.cancel_appointment(?, ?, ?)', $district, 'C', 'A6'), "\n";
my @facts = row('SELECT attended, no_shows, strikes, has_upcoming FROM api.client_facts WHERE district_id = ?', $district);
printf "facts: %s attended, %s no-shows, %s strikes, upcoming %s\n", @facts[0 .. 2], $facts[3] ? 'yes' : 'no';
printf "workload: %s has %s client, %s of %s minutes, utilization %s\n",
  row('SELECT therapist_id, clients, weekly_minutes, capacity_minutes, utilization FROM api.workload WHERE district_id = ?', $district);
printf "capacity: %s %s, %s of %s\n", row("SELECT rule_name, verdict, would_be, limit_value FROM api.check_capacity(?, ?, ?) WHERE rule_name = 'weekly_minutes'", $district, 'T', $_)
  for '2x30/week', '10x30/week';
printf "equity: %s, %s therapist, gini %s\n", row('SELECT discipline, therapists, gini FROM api.equity WHERE district_id = ?', $district);
print 'employed from: ', one('SELECT employed_from FROM api.therapists WHERE district_id = ?', $district), "\n";
my ($status, $at) = row('SELECT status, extract(epoch FROM starts_at)::integer FROM api.appointments WHERE district_id = ? AND appointment_id = ?', $district, 'A0');
print "appointment: $status ", strftime('%Y-%m-%dT%H:%MZ', gmtime $at), "\n";
refused('SELECT api.record_appointment(?, ?, ?)', $district, 'nobody', at(0));
refused('SELECT api.save_service(?, ?, ?, ?, ?)', $district, 'W', 'C', 'SLP', 'lots');

# our own types
$db->do('INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage, delivery) VALUES (?, ?, ?, ?, ?, ?)', undef,
  $district, 'X', 'C', 'SLP', '1x30/week', 'push_in');
print join(' ', 'types:', row("SELECT dosage, delivery FROM caseload.service WHERE district_id = ? AND service_id = 'X'", $district)), "\n";
my $array = one('SELECT array_agg(dosage ORDER BY dosage) FROM caseload.service WHERE district_id = ?', $district);
print 'array: ', (ref $array ? join(',', @$array) : $array =~ s/[{}]//gr), "\n";
print 'by name: ', one('SELECT service_id FROM caseload.service WHERE district_id = ? AND dosage OPERATOR(caseload.>) ?::caseload.dosage', $district, '1x30/week'), "\n";
refused('INSERT INTO caseload.service (district_id, service_id, client_id, discipline, dosage) VALUES (?, ?, ?, ?, ?)', $district, 'Y', 'C', 'SLP', 'lots');
print 'by path: ', one('SELECT service_id FROM service WHERE district_id = ? AND dosage > ?', $district, '1x30/week'), "\n";
