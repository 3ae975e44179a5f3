-- The history of a dead letter with one more entry: its first failure and its newest 49 entries stay.
json_insert(iif(json_array_length(history) < 50, history, json_remove(history, '$[1]')), '$[#]', {entry})
