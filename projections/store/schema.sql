-- The tables of one partition's file. Instants are TIMESTAMPTZ (UTC), intervals half-open [from, until).
-- "offset" is a word of SQL's own, so columns say event_offset. The writer reads names and types from the catalogue.

CREATE TABLE meta (schema_version INTEGER, projection_version INTEGER, partition INTEGER, partitions INTEGER);
COMMENT ON TABLE meta IS 'What this file is: one row';
COMMENT ON COLUMN meta.schema_version IS 'Version of these tables; another one is rebuilt from the log';
COMMENT ON COLUMN meta.projection_version IS 'Version of the code that made the contents; what each timeline adopted is timelines.projection_version';
COMMENT ON COLUMN meta.partition IS 'The partition of tocsin.events that this file is the projection of';
COMMENT ON COLUMN meta.partitions IS 'How many partitions tocsin.events had when the file was made; fixed';

CREATE TABLE checkpoint (next_offset BIGINT, last_offset BIGINT, last_hash VARCHAR, records BIGINT, chain VARCHAR, counted_offset BIGINT);
COMMENT ON TABLE checkpoint IS 'How far the log is applied: one row, written in the transaction of each batch';
COMMENT ON COLUMN checkpoint.next_offset IS 'The next offset to apply';
COMMENT ON COLUMN checkpoint.last_offset IS 'Offset of the last record applied or rejected';
COMMENT ON COLUMN checkpoint.last_hash IS 'SHA-256 of that record, to tell this log from another';
COMMENT ON COLUMN checkpoint.records IS 'How many records came before next_offset: applied, rejected and duplicates';
COMMENT ON COLUMN checkpoint.chain IS 'The newest link of the hash chain over all of them; see chain';
COMMENT ON COLUMN checkpoint.counted_offset IS 'Everything below is in counters and tallies; in a published snapshot that is all';

CREATE TABLE chain (upto_offset BIGINT, records BIGINT, hash VARCHAR);
COMMENT ON TABLE chain IS 'The hash chain over the log''s records, one link kept for each 1 000: shows whether and where the log was changed';
COMMENT ON COLUMN chain.upto_offset IS 'Everything below is in it';
COMMENT ON COLUMN chain.records IS 'How many records that is';
COMMENT ON COLUMN chain.hash IS 'BLAKE2b-256 of the link before and of offset, time, headers, key and value of a record';

CREATE TABLE relay_position (event_offset BIGINT, seq INTEGER);
COMMENT ON TABLE relay_position IS 'The last outgoing message known to be committed on the wire: one row, none before the first';
COMMENT ON COLUMN relay_position.event_offset IS 'Offset of the event that caused it';
COMMENT ON COLUMN relay_position.seq IS 'Its number among the messages of that event, from 0';

CREATE TABLE timelines (timeline VARCHAR PRIMARY KEY, title VARCHAR, clock_kind VARCHAR, clock TIMESTAMPTZ, event_offset BIGINT,
    projection_version INTEGER);
COMMENT ON TABLE timelines IS 'The timelines that live in this partition';
COMMENT ON COLUMN timelines.timeline IS 'Its id, the key of its records';
COMMENT ON COLUMN timelines.title IS 'What it is about';
COMMENT ON COLUMN timelines.clock_kind IS 'live: ticked by the worker that holds it; replayed: by the replayer';
COMMENT ON COLUMN timelines.clock IS 'The greatest recorded_at applied so far; nothing else is now';
COMMENT ON COLUMN timelines.event_offset IS 'Offset of its TimelineOpened';
COMMENT ON COLUMN timelines.projection_version IS 'What its rules mean: the version of its last ProjectionAdopted, 1 before the first';

CREATE TABLE events (
    event_offset BIGINT, event_id UUID, identity BIGINT, timeline VARCHAR, type VARCHAR, recorded_at TIMESTAMPTZ, known_at TIMESTAMPTZ,
    subject VARCHAR, source VARCHAR, causation_id UUID, correlation_id UUID, payload JSON
);
COMMENT ON TABLE events IS 'The log as it was applied, one row an event; rejected and duplicate records are not in it';
COMMENT ON COLUMN events.event_offset IS 'Its offset in the partition; ascending';
COMMENT ON COLUMN events.event_id IS 'Its id, unique';
COMMENT ON COLUMN events.identity IS 'A fingerprint of event_id (60 bits) for the writer''s search for duplicates';
COMMENT ON COLUMN events.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN events.type IS 'Its CloudEvents type';
COMMENT ON COLUMN events.recorded_at IS 'When its author learned it';
COMMENT ON COLUMN events.known_at IS 'The timeline''s clock after it';
COMMENT ON COLUMN events.subject IS 'What it is about: an incident, site, actor …';
COMMENT ON COLUMN events.source IS 'The document or feed that tells it';
COMMENT ON COLUMN events.causation_id IS 'The event that led to it';
COMMENT ON COLUMN events.correlation_id IS 'What belongs together';
COMMENT ON COLUMN events.payload IS 'The fact, as it was written';

CREATE TABLE incident_versions (
    number BIGINT, version INTEGER, identity BIGINT, timeline VARCHAR, incident_id VARCHAR, event_offset BIGINT, change VARCHAR,
    known_from TIMESTAMPTZ, known_until TIMESTAMPTZ, stands BOOLEAN, retracted BOOLEAN, merged_into VARCHAR, class VARCHAR,
    occurred_from TIMESTAMPTZ, occurred_until TIMESTAMPTZ, precision VARCHAR, site VARCHAR, country VARCHAR, actor VARCHAR,
    attribution VARCHAR, weapons VARCHAR, outcome VARCHAR, confidence VARCHAR, quantities JSON, corrected VARCHAR
);
COMMENT ON TABLE incident_versions IS 'Every state an incident was ever believed to be in, on both clocks';
COMMENT ON COLUMN incident_versions.number IS 'Our number of the incident in this partition, in order of creation';
COMMENT ON COLUMN incident_versions.version IS 'How many events made it what it is, from 1';
COMMENT ON COLUMN incident_versions.identity IS 'A fingerprint of timeline and incident_id (60 bits), for the writer';
COMMENT ON COLUMN incident_versions.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN incident_versions.incident_id IS 'Its id, unique in the timeline';
COMMENT ON COLUMN incident_versions.event_offset IS 'Offset of the event that made this version';
COMMENT ON COLUMN incident_versions.change IS 'What that event was: reported, corrected, retracted, merged, split, registered (its site was)';
COMMENT ON COLUMN incident_versions.known_from IS 'The timeline''s clock from which this was believed, inclusive';
COMMENT ON COLUMN incident_versions.known_until IS 'Until when, exclusive; NULL: it still is';
COMMENT ON COLUMN incident_versions.stands IS 'Whether it counts: neither retracted nor merged away';
COMMENT ON COLUMN incident_versions.retracted IS 'Whether it was found that it never happened';
COMMENT ON COLUMN incident_versions.merged_into IS 'The incident that stands for it, if they were found to be one';
COMMENT ON COLUMN incident_versions.class IS 'What kind of incident; the theatre''s own words';
COMMENT ON COLUMN incident_versions.occurred_from IS 'The earliest instant it can have happened at; it counts there';
COMMENT ON COLUMN incident_versions.occurred_until IS 'The end of when it can have happened, exclusive; equals occurred_from for an instant';
COMMENT ON COLUMN incident_versions.precision IS 'instant, day, range or month';
COMMENT ON COLUMN incident_versions.site IS 'Where';
COMMENT ON COLUMN incident_versions.country IS 'The country of the site, as it was registered by then';
COMMENT ON COLUMN incident_versions.actor IS 'Who is said to have done it, if anybody';
COMMENT ON COLUMN incident_versions.attribution IS 'On what ground: claimed, attributed, suspected, disputed, none';
COMMENT ON COLUMN incident_versions.weapons IS 'With what; ids separated by commas, empty for none named';
COMMENT ON COLUMN incident_versions.outcome IS 'How it ended, if told';
COMMENT ON COLUMN incident_versions.confidence IS 'low, medium or high, if told';
COMMENT ON COLUMN incident_versions.quantities IS 'wounded and killed by whose they are, munitions, targets: each low, best, high and qualifier; NULL for none told';
COMMENT ON COLUMN incident_versions.corrected IS 'Fields that a correction has settled, separated by commas';

CREATE TABLE documents (
    timeline VARCHAR, document VARCHAR, title VARCHAR, published DATE, inferred BOOLEAN, basis VARCHAR, earliest DATE, latest DATE,
    event_offset BIGINT, PRIMARY KEY (timeline, document)
);
COMMENT ON TABLE documents IS 'What was written, and when it became known';
COMMENT ON COLUMN documents.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN documents.document IS 'Its id';
COMMENT ON COLUMN documents.title IS 'Its title, if it has one';
COMMENT ON COLUMN documents.published IS 'The day of publication';
COMMENT ON COLUMN documents.inferred IS 'Whether that day is inferred from its contents';
COMMENT ON COLUMN documents.basis IS 'On what ground';
COMMENT ON COLUMN documents.earliest IS 'First day it can have been, if inferred';
COMMENT ON COLUMN documents.latest IS 'Last day it can have been, if inferred';
COMMENT ON COLUMN documents.event_offset IS 'Offset of the event that registered it';

CREATE TABLE sites (
    timeline VARCHAR, site VARCHAR, name VARCHAR, aliases VARCHAR, site_kind VARCHAR, country VARCHAR, admin1 VARCHAR, lat DOUBLE,
    lon DOUBLE, unnamed BOOLEAN, event_offset BIGINT, PRIMARY KEY (timeline, site)
);
COMMENT ON TABLE sites IS 'Where incidents can happen';
COMMENT ON COLUMN sites.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN sites.site IS 'Its id';
COMMENT ON COLUMN sites.name IS 'Its name';
COMMENT ON COLUMN sites.aliases IS 'Other names, separated by |';
COMMENT ON COLUMN sites.site_kind IS 'base, patrol, embassy, area … the theatre''s own words';
COMMENT ON COLUMN sites.country IS 'ISO 3166-1 alpha-2';
COMMENT ON COLUMN sites.admin1 IS 'Province or governorate';
COMMENT ON COLUMN sites.lat IS 'Degrees, WGS 84, approximate';
COMMENT ON COLUMN sites.lon IS 'Degrees, WGS 84, approximate';
COMMENT ON COLUMN sites.unnamed IS 'It stands for a place that the source does not name';
COMMENT ON COLUMN sites.event_offset IS 'Offset of the event that registered it, the newest';

CREATE TABLE actors (
    timeline VARCHAR, actor VARCHAR, name VARCHAR, aliases VARCHAR, actor_kind VARCHAR, member_of VARCHAR, event_offset BIGINT,
    PRIMARY KEY (timeline, actor)
);
COMMENT ON TABLE actors IS 'Who can do or say things';
COMMENT ON COLUMN actors.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN actors.actor IS 'Its id';
COMMENT ON COLUMN actors.name IS 'Its name';
COMMENT ON COLUMN actors.aliases IS 'Other names, separated by |';
COMMENT ON COLUMN actors.actor_kind IS 'militia, state-forces, government … the theatre''s own words';
COMMENT ON COLUMN actors.member_of IS 'Umbrellas it belongs to; ids separated by commas';
COMMENT ON COLUMN actors.event_offset IS 'Offset of the event that registered it, the newest';

CREATE TABLE assertions (
    timeline VARCHAR, assertion VARCHAR, metric VARCHAR, counts JSON, low BIGINT, best BIGINT, high BIGINT, qualifier VARCHAR, country VARCHAR,
    site VARCHAR, actor VARCHAR, since DATE, as_of DATE, asserted_by VARCHAR, event_offset BIGINT
);
COMMENT ON TABLE assertions IS 'Totals that sources claim; never added to counters. Source and place: the event at event_offset';
COMMENT ON COLUMN assertions.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN assertions.assertion IS 'Its id; said again, the newest event_offset holds';
COMMENT ON COLUMN assertions.metric IS 'What is counted';
COMMENT ON COLUMN assertions.counts IS 'Which incidents itemise it: measure, class, site_kind, party; NULL: as said last of its metric';
COMMENT ON COLUMN assertions.low IS 'At least so many; NULL: not known';
COMMENT ON COLUMN assertions.best IS 'The best single number; NULL: not known';
COMMENT ON COLUMN assertions.high IS 'At most so many; NULL: not known';
COMMENT ON COLUMN assertions.qualifier IS 'The source''s own word for how exact it is';
COMMENT ON COLUMN assertions.country IS 'Only there; NULL: not narrowed';
COMMENT ON COLUMN assertions.site IS 'Only there; NULL: not narrowed';
COMMENT ON COLUMN assertions.actor IS 'Only by them; NULL: not narrowed';
COMMENT ON COLUMN assertions.since IS 'First day covered';
COMMENT ON COLUMN assertions.as_of IS 'Last day covered';
COMMENT ON COLUMN assertions.asserted_by IS 'Who says so, if not the document itself';
COMMENT ON COLUMN assertions.event_offset IS 'Offset of the event';

CREATE TABLE statements (
    timeline VARCHAR, statement VARCHAR, statement_kind VARCHAR, occurred_from TIMESTAMPTZ, occurred_until TIMESTAMPTZ, precision VARCHAR,
    actor VARCHAR, summary VARCHAR, incidents VARCHAR, event_offset BIGINT
);
COMMENT ON TABLE statements IS 'What was said: threats, claims, denials … Source and place: the event at event_offset';
COMMENT ON COLUMN statements.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN statements.statement IS 'Its id; said again, the newest event_offset holds';
COMMENT ON COLUMN statements.statement_kind IS 'What is done by saying it';
COMMENT ON COLUMN statements.occurred_from IS 'The earliest instant it can have been said';
COMMENT ON COLUMN statements.occurred_until IS 'The end of when it can have been said, exclusive';
COMMENT ON COLUMN statements.precision IS 'instant, day, range or month';
COMMENT ON COLUMN statements.actor IS 'Who said it';
COMMENT ON COLUMN statements.summary IS 'What was said, in our words';
COMMENT ON COLUMN statements.incidents IS 'The incidents it is about; ids separated by commas';
COMMENT ON COLUMN statements.event_offset IS 'Offset of the event';

CREATE TABLE postures (
    timeline VARCHAR, posture VARCHAR, what VARCHAR, low BIGINT, best BIGINT, high BIGINT, qualifier VARCHAR, level VARCHAR, actor VARCHAR,
    country VARCHAR, site VARCHAR, occurred_from TIMESTAMPTZ, occurred_until TIMESTAMPTZ, event_offset BIGINT
);
COMMENT ON TABLE postures IS 'Standing levels of forces and of alert, as sources give them';
COMMENT ON COLUMN postures.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN postures.posture IS 'Its id; said again, the newest event_offset holds';
COMMENT ON COLUMN postures.what IS 'What is so: troops, alert-level …';
COMMENT ON COLUMN postures.low IS 'At least so many; NULL: not known or no number';
COMMENT ON COLUMN postures.best IS 'The best single number; NULL: not known or no number';
COMMENT ON COLUMN postures.high IS 'At most so many; NULL: not known or no number';
COMMENT ON COLUMN postures.qualifier IS 'The source''s own word for how exact it is';
COMMENT ON COLUMN postures.level IS 'The level, where it is no number';
COMMENT ON COLUMN postures.actor IS 'Whose, if told';
COMMENT ON COLUMN postures.country IS 'Where, if told';
COMMENT ON COLUMN postures.site IS 'Where exactly, if told';
COMMENT ON COLUMN postures.occurred_from IS 'Since when, if told';
COMMENT ON COLUMN postures.occurred_until IS 'End of since when, exclusive, if told';
COMMENT ON COLUMN postures.event_offset IS 'Offset of the event';

CREATE TABLE decisions (timeline VARCHAR, decision VARCHAR, subject VARCHAR, who VARCHAR, why VARCHAR, until TIMESTAMPTZ, event_offset BIGINT);
COMMENT ON TABLE decisions IS 'What operators decided: rules adopted, alerts acknowledged, silences';
COMMENT ON COLUMN decisions.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN decisions.decision IS 'The type of the event';
COMMENT ON COLUMN decisions.subject IS 'The alert, silence or rule it is about';
COMMENT ON COLUMN decisions.who IS 'Who decided';
COMMENT ON COLUMN decisions.why IS 'And why';
COMMENT ON COLUMN decisions.until IS 'Until when a silence lasts, exclusive';
COMMENT ON COLUMN decisions.event_offset IS 'Offset of the event';

CREATE TABLE counters (
    timeline VARCHAR, day DATE, class VARCHAR, dimension VARCHAR, key VARCHAR,
    incidents BIGINT, coarse BIGINT,
    wounded_low BIGINT, wounded_low_unknown BIGINT, wounded_best BIGINT, wounded_best_unknown BIGINT, wounded_high BIGINT, wounded_high_unknown BIGINT,
    killed_low BIGINT, killed_low_unknown BIGINT, killed_best BIGINT, killed_best_unknown BIGINT, killed_high BIGINT, killed_high_unknown BIGINT
);
COMMENT ON TABLE counters IS 'Escalation counters: our sums over standing incidents, by day; weeks, months and totals are sums of days';
COMMENT ON COLUMN counters.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN counters.day IS 'The earliest day of occurrence, UTC';
COMMENT ON COLUMN counters.class IS 'The class of incidents counted';
COMMENT ON COLUMN counters.dimension IS 'What they are counted by: all, country, site, actor, attribution, weapon';
COMMENT ON COLUMN counters.key IS 'Which of those; empty for all';
COMMENT ON COLUMN counters.incidents IS 'Standing incidents';
COMMENT ON COLUMN counters.coarse IS 'Those of them known less exactly than to the day; they count on their earliest day';
COMMENT ON COLUMN counters.wounded_low IS 'Sum of low wounded, of those who say';
COMMENT ON COLUMN counters.wounded_low_unknown IS 'How many of their quantities do not say low wounded';
COMMENT ON COLUMN counters.wounded_best IS 'Sum of best wounded, of those who say';
COMMENT ON COLUMN counters.wounded_best_unknown IS 'How many of their quantities do not say best wounded';
COMMENT ON COLUMN counters.wounded_high IS 'Sum of high wounded, of those who say';
COMMENT ON COLUMN counters.wounded_high_unknown IS 'How many of their quantities do not say high wounded';
COMMENT ON COLUMN counters.killed_low IS 'Sum of low killed, of those who say';
COMMENT ON COLUMN counters.killed_low_unknown IS 'How many of their quantities do not say low killed';
COMMENT ON COLUMN counters.killed_best IS 'Sum of best killed, of those who say';
COMMENT ON COLUMN counters.killed_best_unknown IS 'How many of their quantities do not say best killed';
COMMENT ON COLUMN counters.killed_high IS 'Sum of high killed, of those who say';
COMMENT ON COLUMN counters.killed_high_unknown IS 'How many of their quantities do not say high killed';

CREATE TABLE site_tallies (
    timeline VARCHAR, site VARCHAR, class VARCHAR,
    incidents BIGINT, coarse BIGINT,
    wounded_low BIGINT, wounded_low_unknown BIGINT, wounded_best BIGINT, wounded_best_unknown BIGINT, wounded_high BIGINT, wounded_high_unknown BIGINT,
    killed_low BIGINT, killed_low_unknown BIGINT, killed_best BIGINT, killed_best_unknown BIGINT, killed_high BIGINT, killed_high_unknown BIGINT,
    attribution_claimed BIGINT, attribution_attributed BIGINT, attribution_suspected BIGINT, attribution_disputed BIGINT, attribution_none BIGINT,
    first_occurred TIMESTAMPTZ, last_occurred TIMESTAMPTZ
);
COMMENT ON TABLE site_tallies IS 'The counters of one site over all days: our sums over standing incidents';
COMMENT ON COLUMN site_tallies.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN site_tallies.site IS 'The site';
COMMENT ON COLUMN site_tallies.class IS 'The class of incidents counted';
COMMENT ON COLUMN site_tallies.incidents IS 'Standing incidents';
COMMENT ON COLUMN site_tallies.coarse IS 'Those of them known less exactly than to the day; they count on their earliest day';
COMMENT ON COLUMN site_tallies.wounded_low IS 'Sum of low wounded, of those who say';
COMMENT ON COLUMN site_tallies.wounded_low_unknown IS 'How many of their quantities do not say low wounded';
COMMENT ON COLUMN site_tallies.wounded_best IS 'Sum of best wounded, of those who say';
COMMENT ON COLUMN site_tallies.wounded_best_unknown IS 'How many of their quantities do not say best wounded';
COMMENT ON COLUMN site_tallies.wounded_high IS 'Sum of high wounded, of those who say';
COMMENT ON COLUMN site_tallies.wounded_high_unknown IS 'How many of their quantities do not say high wounded';
COMMENT ON COLUMN site_tallies.killed_low IS 'Sum of low killed, of those who say';
COMMENT ON COLUMN site_tallies.killed_low_unknown IS 'How many of their quantities do not say low killed';
COMMENT ON COLUMN site_tallies.killed_best IS 'Sum of best killed, of those who say';
COMMENT ON COLUMN site_tallies.killed_best_unknown IS 'How many of their quantities do not say best killed';
COMMENT ON COLUMN site_tallies.killed_high IS 'Sum of high killed, of those who say';
COMMENT ON COLUMN site_tallies.killed_high_unknown IS 'How many of their quantities do not say high killed';
COMMENT ON COLUMN site_tallies.attribution_claimed IS 'Those of them with attribution claimed';
COMMENT ON COLUMN site_tallies.attribution_attributed IS 'Those of them with attribution attributed';
COMMENT ON COLUMN site_tallies.attribution_suspected IS 'Those of them with attribution suspected';
COMMENT ON COLUMN site_tallies.attribution_disputed IS 'Those of them with attribution disputed';
COMMENT ON COLUMN site_tallies.attribution_none IS 'Those of them with attribution none';
COMMENT ON COLUMN site_tallies.first_occurred IS 'The earliest instant of the earliest of them; NULL: none stands';
COMMENT ON COLUMN site_tallies.last_occurred IS 'The earliest instant of the latest of them; NULL: none stands';

CREATE TABLE rejected (
    event_offset BIGINT, reason VARCHAR, expected VARCHAR, found VARCHAR, field VARCHAR, known_at TIMESTAMPTZ, record_timestamp BIGINT,
    key BLOB, value BLOB, headers JSON
);
COMMENT ON TABLE rejected IS 'Records that could not be read or applied, with their bytes; each also went to the dead-letter topic';
COMMENT ON COLUMN rejected.event_offset IS 'Its offset in the partition';
COMMENT ON COLUMN rejected.reason IS 'malformed, unknown-type, tombstone, oversized, inapplicable or conflicting';
COMMENT ON COLUMN rejected.expected IS 'What would have been right';
COMMENT ON COLUMN rejected.found IS 'What was there';
COMMENT ON COLUMN rejected.field IS 'Where in the record, if in one place';
COMMENT ON COLUMN rejected.known_at IS 'The clock of its timeline at that time; NULL: no timeline of ours';
COMMENT ON COLUMN rejected.record_timestamp IS 'The record''s Kafka timestamp, ms since the epoch';
COMMENT ON COLUMN rejected.key IS 'The record''s key';
COMMENT ON COLUMN rejected.value IS 'The record''s value; NULL for a tombstone';
COMMENT ON COLUMN rejected.headers IS 'The record''s headers: [name, base64 of the bytes] each';

CREATE TABLE duplicates (event_offset BIGINT, event_id UUID, first_offset BIGINT);
COMMENT ON TABLE duplicates IS 'Events that came again with the same id and content; counted, not applied';
COMMENT ON COLUMN duplicates.event_offset IS 'Offset of the copy';
COMMENT ON COLUMN duplicates.event_id IS 'The id';
COMMENT ON COLUMN duplicates.first_offset IS 'Offset of the event that was applied';

CREATE TABLE rules (
    timeline VARCHAR, rule VARCHAR, adopted_offset BIGINT, adopted_at TIMESTAMPTZ, retired_at TIMESTAMPTZ, place INTEGER,
    title VARCHAR, content_hash VARCHAR, content JSON, PRIMARY KEY (timeline, rule, adopted_offset)
);
COMMENT ON TABLE rules IS 'The rules that were ever adopted; those with retired_at NULL are evaluated';
COMMENT ON COLUMN rules.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN rules.rule IS 'Its id';
COMMENT ON COLUMN rules.adopted_offset IS 'Offset of the RulesAdopted that brought it';
COMMENT ON COLUMN rules.adopted_at IS 'The timeline''s clock at that event';
COMMENT ON COLUMN rules.retired_at IS 'The clock at the RulesAdopted that replaced it; NULL: it is in force';
COMMENT ON COLUMN rules.place IS 'Its place among them, from 0: the order of evaluation';
COMMENT ON COLUMN rules.title IS 'What people call it';
COMMENT ON COLUMN rules.content_hash IS 'SHA-256 of its normalised content';
COMMENT ON COLUMN rules.content IS 'Its normalised content';

CREATE TABLE episode_versions (
    number BIGINT, timeline VARCHAR, rule VARCHAR, group_key VARCHAR, opened_at TIMESTAMPTZ, event_offset BIGINT,
    known_from TIMESTAMPTZ, known_until TIMESTAMPTZ, ended_at TIMESTAMPTZ, value BIGINT, peak_at TIMESTAMPTZ, severity VARCHAR, alert_id UUID
);
COMMENT ON TABLE episode_versions IS 'Every state an episode was ever believed to be in; rows are added, and closed once';
COMMENT ON COLUMN episode_versions.number IS 'Its number in this partition, in log order';
COMMENT ON COLUMN episode_versions.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN episode_versions.rule IS 'The rule';
COMMENT ON COLUMN episode_versions.group_key IS 'The group: a JSON list of values, in order of the rule''s by';
COMMENT ON COLUMN episode_versions.opened_at IS 'From when the episode lasts, inclusive';
COMMENT ON COLUMN episode_versions.event_offset IS 'Offset of the event that made this version';
COMMENT ON COLUMN episode_versions.known_from IS 'The timeline''s clock from which this was believed, inclusive';
COMMENT ON COLUMN episode_versions.known_until IS 'Until when, exclusive; NULL: it still is';
COMMENT ON COLUMN episode_versions.ended_at IS 'Until when the episode lasts, exclusive; NULL: not over by the clock';
COMMENT ON COLUMN episode_versions.value IS 'The greatest value in it, of a sum in the bound of its rule; of silence in microseconds';
COMMENT ON COLUMN episode_versions.peak_at IS 'The first change point that has that value';
COMMENT ON COLUMN episode_versions.severity IS 'The highest level that value reaches';
COMMENT ON COLUMN episode_versions.alert_id IS 'The alert that stands for it; NULL: it was over when its rule was adopted, nobody was told';

CREATE TABLE alerts (
    alert_id UUID PRIMARY KEY, timeline VARCHAR, rule VARCHAR, group_key VARCHAR, state VARCHAR, severity VARCHAR, opened_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ, value BIGINT, late BOOLEAN, raised_at TIMESTAMPTZ, changed_at TIMESTAMPTZ, messages INTEGER, last_message UUID
);
COMMENT ON TABLE alerts IS 'What people were told, as it stands now: the newest message of each alert';
COMMENT ON COLUMN alerts.alert_id IS 'Its id';
COMMENT ON COLUMN alerts.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN alerts.rule IS 'The rule';
COMMENT ON COLUMN alerts.group_key IS 'The group: a JSON list of values, in order of the rule''s by';
COMMENT ON COLUMN alerts.state IS 'open, resolved, merged (another alert stands for its episode) or cancelled';
COMMENT ON COLUMN alerts.severity IS 'The highest level its episode reached';
COMMENT ON COLUMN alerts.opened_at IS 'When its episode opened, as told last';
COMMENT ON COLUMN alerts.ended_at IS 'When its episode ended, as told last; NULL: not over';
COMMENT ON COLUMN alerts.value IS 'The greatest value, as told last; of a sum in the bound of its rule, of silence in microseconds';
COMMENT ON COLUMN alerts.late IS 'Whether its episode was over already when it was first told';
COMMENT ON COLUMN alerts.raised_at IS 'The clock at its first message';
COMMENT ON COLUMN alerts.changed_at IS 'The clock at its last message';
COMMENT ON COLUMN alerts.messages IS 'How many messages there were';
COMMENT ON COLUMN alerts.last_message IS 'Id of the newest of them';

CREATE TABLE alert_messages (
    event_offset BIGINT, seq INTEGER, message_id UUID, alert_id UUID, timeline VARCHAR, rule VARCHAR, group_key VARCHAR, kind VARCHAR,
    severity VARCHAR, state VARCHAR, topics VARCHAR, known_at TIMESTAMPTZ, body JSON
);
COMMENT ON TABLE alert_messages IS 'Every message about an alert, in order: history, and what the relay sends';
COMMENT ON COLUMN alert_messages.event_offset IS 'Offset of the event that caused it';
COMMENT ON COLUMN alert_messages.seq IS 'Its number among the messages of that event, from 0';
COMMENT ON COLUMN alert_messages.message_id IS 'Its id';
COMMENT ON COLUMN alert_messages.alert_id IS 'The alert it is about';
COMMENT ON COLUMN alert_messages.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN alert_messages.rule IS 'The rule';
COMMENT ON COLUMN alert_messages.group_key IS 'The group: a JSON list of values, in order of the rule''s by';
COMMENT ON COLUMN alert_messages.kind IS 'raised, escalated, updated, resolved, reopened or cancelled';
COMMENT ON COLUMN alert_messages.severity IS 'The alert''s severity after it';
COMMENT ON COLUMN alert_messages.state IS 'The alert''s state after it';
COMMENT ON COLUMN alert_messages.topics IS 'Where it goes: names of topics without the prefix, separated by commas';
COMMENT ON COLUMN alert_messages.known_at IS 'The clock of the timeline then';
COMMENT ON COLUMN alert_messages.body IS 'The message as it is sent: the whole state of the alert after the event';

CREATE TABLE due (timeline VARCHAR, rule VARCHAR, group_key VARCHAR, due_at TIMESTAMPTZ, PRIMARY KEY (timeline, rule, group_key));
COMMENT ON TABLE due IS 'When time alone can next change something; an instant that has passed is stale and harmless';
COMMENT ON COLUMN due.timeline IS 'The timeline it belongs to';
COMMENT ON COLUMN due.rule IS 'The rule';
COMMENT ON COLUMN due.group_key IS 'The group: a JSON list of values, in order of the rule''s by';
COMMENT ON COLUMN due.due_at IS 'The instant; NULL: never, as things stand';
