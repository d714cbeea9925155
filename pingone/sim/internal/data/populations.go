package data

// Shares are the parts of all users, of 1000, in the populations of an
// environment by number: one has 60 %, one none. The first takes what the others
// leave.
func Shares(consumers bool) []Share {
	if consumers {
		return []Share{{40}, {600}, {150}, {80}, {60}, {50}, {20}, {0}}
	}
	return []Share{{40}, {600}, {130}, {90}, {50}, {40}, {30}, {19}, {1}, {0}}
}
