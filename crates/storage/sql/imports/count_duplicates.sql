SELECT count(*) AS duplicates FROM json_each(:sought) AS sought WHERE {duplicate}
