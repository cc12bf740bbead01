package io.goruntime.net;

import io.goruntime.net.Nets.Pair;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate of localhost that the JDK's keytool has signed with its own key, made once. */
final class Certificates {
    private static final String PASSWORD = "password";

    private Certificates() {}

    /** Has the certificate and trusts it. */
    static final SSLContext CONTEXT = make();

    private static SSLContext make() {
        try {
            Path dir = Files.createTempDirectory("certificate");
            Path file = dir.resolve("store.p12");
            Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair", "-alias", "localhost", "-keyalg", "EC", "-validity", "2", "-dname", "CN=localhost",
                    "-ext", "SAN=DNS:localhost", "-storetype", "PKCS12", "-storepass", PASSWORD, "-keystore",
                    file.toString()).inheritIO().start();
            if (keytool.waitFor() != 0) {
                throw new AssertionError("keytool ended with " + keytool.exitValue());
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, PASSWORD.toCharArray());
            }
            Files.delete(file);
            Files.delete(dir);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, PASSWORD.toCharArray());
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** The first end is the client. */
    static Pair over(Pair pair) {
        return new Pair(TlsConn.client(pair.a(), CONTEXT, "localhost"), TlsConn.server(pair.b(), CONTEXT));
    }
}
