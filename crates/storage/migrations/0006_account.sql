-- Keys that athletes make themselves.

ALTER TABLE api_keys ADD COLUMN name TEXT NOT NULL DEFAULT '';
-- ["read", "write"]: the calls that the key may make.
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '["read","write"]' CHECK (json_valid(scopes));
-- NULL is never.
ALTER TABLE api_keys ADD COLUMN expires_at_ms INTEGER;
-- The UTC day of the last call; it may lag a day.
ALTER TABLE api_keys ADD COLUMN last_used_on TEXT CHECK (last_used_on = date(last_used_on));

-- The profile shows the last of body_weights.
ALTER TABLE athletes DROP COLUMN body_weight_grams;

-- Whether the address may get more than the link that confirms it.
ALTER TABLE athletes ADD COLUMN email_confirmed INTEGER NOT NULL DEFAULT 0 CHECK (email_confirmed IN (0, 1));
-- The links that were requested on a UTC day, the last one on which there were any.
ALTER TABLE athletes ADD COLUMN confirmation_day TEXT NOT NULL DEFAULT '';
ALTER TABLE athletes ADD COLUMN confirmation_links INTEGER NOT NULL DEFAULT 0;
