// Package tokens gets, keeps and refreshes access tokens for PingOne.
//
// It owns the Secret type, the Source that the PingOne client asks for a
// token, and the caching source that stands between a grant (package oauth)
// and a shared store (package store). It knows neither PingOne's resources nor
// the front ends; it is the only tree that speaks to Redis.
package tokens
