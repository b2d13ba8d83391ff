-- The names of one kind that stand in the log by now, whatever is asked as known at, and what else each is called; of incidents
-- those that any account of them ever said, or, if so asked, only what those that stand are believed to be now.
WITH said AS (FROM main.incident_versions WHERE NOT $standing OR (stands AND known_until IS NULL))
SELECT DISTINCT timeline, name, called FROM (
    SELECT 'timeline' AS what, timeline, timeline AS name, title AS called FROM main.timelines
    UNION ALL SELECT 'site', timeline, site, concat_ws('|', name, aliases) FROM main.sites
    UNION ALL SELECT 'actor', timeline, actor, concat_ws('|', name, aliases) FROM main.actors
    UNION ALL SELECT 'country', timeline, country, NULL FROM main.sites
    UNION ALL SELECT 'kind of site', timeline, site_kind, NULL FROM main.sites
    UNION ALL SELECT 'province', timeline, admin1, NULL FROM main.sites
    UNION ALL SELECT 'rule', timeline, rule, title FROM main.rules
    UNION ALL SELECT 'metric', timeline, metric, NULL FROM main.assertions
    UNION ALL SELECT 'assertion', timeline, assertion, NULL FROM main.assertions
    UNION ALL SELECT DISTINCT 'class', timeline, class, NULL FROM said
    UNION ALL SELECT DISTINCT 'outcome', timeline, outcome, NULL FROM said
    UNION ALL SELECT DISTINCT 'confidence', timeline, confidence, NULL FROM said
    UNION ALL SELECT 'weapon', timeline, unnest(listed(weapons)), NULL FROM (SELECT DISTINCT timeline, weapons FROM said)
    UNION ALL SELECT DISTINCT 'party', timeline, unnest(list_concat(json_keys(quantities, '$.wounded'), json_keys(quantities, '$.killed'))), NULL
        FROM (SELECT DISTINCT timeline, quantities FROM said)
)
WHERE what = $what AND name IS NOT NULL
