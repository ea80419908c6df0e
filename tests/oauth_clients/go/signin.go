package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

type claims map[string]any

func signIn(
	ctx context.Context, provider *oidc.Provider, config oauth2.Config, verifier, state string, r *http.Request,
) (map[string]claims, error) {
	if r.FormValue("state") != state {
		return nil, errors.New("wrong state: " + r.FormValue("error"))
	}
	token, err := config.Exchange(ctx, r.FormValue("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if err := idToken.VerifyAccessToken(token.AccessToken); err != nil || idToken.Nonce != state {
		return nil, errors.Join(err, errors.New("wrong nonce or at_hash"))
	}
	token.Expiry = time.Unix(1, 0) // so that the source refreshes it
	source := config.TokenSource(ctx, token)
	refreshed, err := source.Token()
	if err != nil {
		return nil, err
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(refreshed))
	if err != nil {
		return nil, err
	}
	id, user := claims{}, claims{}
	return map[string]claims{"id_token": id, "userinfo": user}, errors.Join(idToken.Claims(&id), info.Claims(&user))
}
