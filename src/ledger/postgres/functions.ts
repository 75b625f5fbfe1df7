/**
 * What SQLite has and PostgreSQL has not, as far as statements that both share use it. Bodies are of the standard's kind (RETURN, BEGIN ATOMIC): what they call is settled here, whatever a session
 * searches later, and the planner writes them into the statement.
 */
export const FUNCTIONS = `
-- Of two values; null where one is null, as in SQLite. greatest and least would pass over it.
CREATE FUNCTION max(a bigint, b bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE greatest(a, b) END;
CREATE FUNCTION min(a bigint, b bigint) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE least(a, b) END;
CREATE FUNCTION min(a double precision, b double precision) RETURNS double precision
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE least(a, b) END;

-- As text, numbers too: '12'. Null where there is nothing, or JSON's null.
CREATE FUNCTION json_extract(document text, path text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN jsonb_path_query_first(document::jsonb, path::jsonpath) #>> '{}';

-- The elements of an array, as text.
CREATE FUNCTION json_each(list text) RETURNS TABLE (value text)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  BEGIN ATOMIC
    SELECT one FROM json_array_elements_text(list::json) AS one;
  END;
`
