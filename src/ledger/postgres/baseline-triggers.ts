import { isIllegalTransition } from '../migrations/states.ts'

const COUNTED = `('sent', 'failed', 'unconfirmed', 'skipped')`

/**
 * What the database itself sees to. Messages are counted when their transaction is committed (INITIALLY DEFERRED), not when they change: the row of a minute and route is shared by all instances, and would be locked for as
 * long as the transaction takes.
 */
export const TRIGGERS = `
CREATE FUNCTION messages_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a message cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER messages_transition BEFORE UPDATE OF state ON messages FOR EACH ROW
  WHEN (${isIllegalTransition()})
  EXECUTE FUNCTION messages_transition();

CREATE FUNCTION messages_come_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tallies (minute, kind, name, count) VALUES (NEW.updated_at / 60000 * 60000, NEW.state, NEW.route, 1)
  ON CONFLICT (minute, kind, name) DO UPDATE SET count = tallies.count + 1;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER messages_come_to AFTER UPDATE OF state ON messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.state <> OLD.state AND NEW.state IN ${COUNTED})
  EXECUTE FUNCTION messages_come_to();

CREATE FUNCTION messages_begin_as() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tallies (minute, kind, name, count) VALUES (NEW.created_at / 60000 * 60000, NEW.state, NEW.route, 1)
  ON CONFLICT (minute, kind, name) DO UPDATE SET count = tallies.count + 1;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER messages_begin_as AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.state IN ${COUNTED})
  EXECUTE FUNCTION messages_begin_as();

CREATE FUNCTION audit_is_not_rewritten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is not rewritten' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER audit_is_not_rewritten BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_not_rewritten();

CREATE FUNCTION audit_is_not_shortened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is not shortened' USING ERRCODE = 'P0001';
END $$;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_not_shortened();
-- TRUNCATE asks no trigger of DELETE.
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_not_shortened();

-- A number that this session drew last is at the end, though another's that was drawn later may be there already. Any other is somebody's own, and must be higher than all.
CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  drawn bigint;
BEGIN
  IF NEW.id > (SELECT coalesce(max(id), 0) FROM audit) THEN
    RETURN NEW;
  END IF;
  BEGIN
    drawn := currval(pg_get_serial_sequence('audit', 'id'));
  EXCEPTION WHEN object_not_in_prerequisite_state THEN
    drawn := NULL;
  END;
  IF NEW.id IS DISTINCT FROM drawn OR EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) THEN
    RAISE EXCEPTION 'the audit trail is only added to' USING ERRCODE = 'P0001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_is_only_added_to BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
`
