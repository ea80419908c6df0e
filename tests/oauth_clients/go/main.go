// An application that signs people in by go-oidc and x/oauth2, and shows what it learned as JSON.
package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func main() {
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, os.Getenv("OIDC_ISSUER"))
	if err != nil {
		panic(err)
	}
	config := oauth2.Config{
		ClientID:     os.Getenv("OIDC_CLIENT_ID"),
		ClientSecret: os.Getenv("OIDC_CLIENT_SECRET"),
		RedirectURL:  os.Getenv("OIDC_REDIRECT_URI"),
		Endpoint:     provider.Endpoint(),
		Scopes:       []string{oidc.ScopeOpenID, "profile", "email"},
	}
	verifier, state := oauth2.GenerateVerifier(), oauth2.GenerateVerifier() // of the only person of this test
	http.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier), oidc.Nonce(state)}
		http.Redirect(w, r, config.AuthCodeURL(state, options...), http.StatusSeeOther)
	})
	http.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		answer, err := signIn(ctx, provider, config, verifier, state, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer)
	})
	home, err := url.Parse(config.RedirectURL)
	if err != nil {
		panic(err)
	}
	panic(http.ListenAndServe(home.Host, nil))
}
