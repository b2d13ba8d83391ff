-- A quantity as text that is the same whatever was left out when it was written.
CREATE OR REPLACE TEMP MACRO bounds(q) AS CASE WHEN q IS NULL THEN NULL ELSE
    coalesce(q->>'low', '?') || '/' || coalesce(q->>'best', '?') || '/' || coalesce(q->>'high', '?') || ' ' || coalesce(q->>'qualifier', 'exact') END;
