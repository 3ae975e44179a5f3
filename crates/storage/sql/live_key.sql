EXISTS (SELECT 1 FROM api_keys AS key WHERE {key_is_live})
