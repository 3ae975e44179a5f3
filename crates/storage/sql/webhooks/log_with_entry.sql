-- The log of a delivery with one more entry. The newest entries stay.
json_insert(
    iif(json_array_length(attempts) < :logged_attempts_max, attempts, json_remove(attempts, '$[0]')), '$[#]', {entry}
)
