-- True of a dead letter of a filter that an operator can act on.
{matches_filter} AND status IN ('open', 'waiting') AND {unclaimed}
