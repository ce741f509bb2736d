package overhttp

import (
	"mime"
	"strconv"
	"strings"
)

// The media types of an answer, the preferred one first.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
	mediaEvents  = "text/event-stream"
)

// mediaRange is a media range of an Accept header.
type mediaRange struct {
	media   string
	quality float64
}

// negotiate chooses the media type with the highest quality; among equals the
// one that the client lists first, and for a wildcard the one that the gateway
// prefers. It returns "" if none is acceptable. Without a header, all are.
func negotiate(header []string) string {
	if len(header) == 0 {
		return mediaJSON
	}
	ranges := readAccept(strings.Join(header, ","))
	best, bestQuality, bestPlace := "", 0.0, 0
	for _, media := range []string{mediaJSON, mediaGraphQL, mediaEvents} {
		quality, place := match(ranges, media)
		if quality > bestQuality || quality == bestQuality && best != "" && place < bestPlace {
			best, bestQuality, bestPlace = media, quality, place
		}
	}
	return best
}

// match is the quality of a media type and the place of its most specific range.
func match(ranges []mediaRange, media string) (quality float64, place int) {
	kind, _, _ := strings.Cut(media, "/")
	for _, pattern := range []string{media, kind + "/*", "*/*"} {
		for i, r := range ranges {
			if r.media == pattern {
				return r.quality, i
			}
		}
	}
	return 0, 0
}

// readAccept skips invalid media ranges, and ranges with a charset other than
// UTF-8.
func readAccept(header string) []mediaRange {
	var ranges []mediaRange
	for one := range strings.SplitSeq(header, ",") {
		media, parameters, err := mime.ParseMediaType(one)
		if err != nil || !isUTF8(parameters["charset"]) {
			continue
		}
		quality := 1.0
		if q, there := parameters["q"]; there {
			if quality, err = strconv.ParseFloat(q, 64); err != nil || !(quality >= 0 && quality <= 1) {
				continue
			}
		}
		ranges = append(ranges, mediaRange{media, quality})
	}
	return ranges
}

// isUTF8 treats a missing charset as UTF-8, as JSON does.
func isUTF8(charset string) bool {
	return charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}
