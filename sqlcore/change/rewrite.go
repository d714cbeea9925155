package change

import (
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// rewritten is a text made of parts of another one, in another order.
type rewritten struct {
	text   string
	tokens []sqltext.Token
	out    strings.Builder
	pieces []piece
}

// piece is a part: at in the new text, from in the old one, -1 for what is new.
type piece struct{ at, from int }

func (r *rewritten) add(text string) {
	r.pieces = append(r.pieces, piece{r.out.Len(), -1})
	r.out.WriteString(text)
}

// copy adds a span of the old text.
func (r *rewritten) copy(s span) {
	if s.empty() {
		return
	}
	from, to := r.tokens[s.from].Start, r.tokens[s.to-1].End
	r.pieces = append(r.pieces, piece{r.out.Len(), from})
	r.out.WriteString(r.text[from:to])
}

// String returns the new text.
func (r *rewritten) String() string { return r.out.String() }

// source gives the place in the old text of one in the new text. What is new
// stands for what was copied before it.
func (r *rewritten) source(at int) int {
	place := 0
	for _, p := range r.pieces {
		if p.at > at {
			break
		}
		if p.from >= 0 {
			place = p.from + at - p.at
		}
	}
	return min(place, len(r.text))
}

// position names the value at a place.
func position(i int) string { return "new_" + strconv.Itoa(i+1) }
