package tokens

import "path/filepath"

// StoreAddress is the address of a token store. The path of a directory, as the
// commercial connector writes it, is one of file://.
func StoreAddress(text string) string {
	if filepath.IsAbs(text) {
		return "file://" + filepath.ToSlash(text)
	}
	return text
}
