package app;

import java.util.Map;
import java.util.TreeMap;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Signs people in, and accepts access tokens of the same issuer at /api. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class App {
    public static void main(String[] arguments) {
        SpringApplication.run(App.class, arguments);
    }

    @Bean
    @Order(1)
    SecurityFilterChain api(HttpSecurity http) throws Exception {
        return http.securityMatcher("/api/**")
                .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
                .build();
    }

    @Bean
    @Order(2)
    SecurityFilterChain pages(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
        var logout = new OidcClientInitiatedLogoutSuccessHandler(clients);
        logout.setPostLogoutRedirectUri("{baseUrl}/goodbye");
        return http.authorizeHttpRequests(requests -> requests
                        .requestMatchers("/goodbye").permitAll().anyRequest().authenticated())
                .oauth2Login(Customizer.withDefaults())
                .logout(settings -> settings.logoutSuccessHandler(logout))
                .build();
    }

    @Bean
    JwtDecoder accessTokens(@Value("${OIDC_ISSUER}") String issuer, @Value("${OIDC_CLIENT_ID}") String client) {
        var decoder = NimbusJwtDecoder.withIssuerLocation(issuer)
                .jwsAlgorithm(SignatureAlgorithm.ES256)
                .validateType(false) // the validators require at+jwt
                .build();
        decoder.setJwtValidator(JwtValidators.createAtJwtValidator()
                .issuer(issuer).audience(issuer + "/oauth2/userinfo").clientId(client).build());
        return decoder;
    }

    @GetMapping("/")
    Map<String, Object> page(
            @AuthenticationPrincipal OidcUser user, @RegisteredOAuth2AuthorizedClient OAuth2AuthorizedClient client) {
        var answer = new TreeMap<String, Object>();
        answer.put("id_token", user.getIdToken().getClaims());
        answer.put("userinfo", user.getUserInfo() == null ? Map.of() : user.getUserInfo().getClaims());
        answer.put("id_token_value", user.getIdToken().getTokenValue());
        answer.put("access_token", client.getAccessToken().getTokenValue());
        return answer;
    }

    @GetMapping("/goodbye")
    String goodbye() {
        return "Goodbye";
    }

    @GetMapping("/api/claims")
    Map<String, Object> claims(@AuthenticationPrincipal Jwt token) {
        return token.getClaims();
    }
}
