package io.goruntime.embedding.app;

import io.goruntime.GoRuntime;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.stereotype.Service;

/** A small Spring Boot application whose asynchronous methods run in goroutines. SpringBootIT runs it as a jar of jars. */
@SpringBootApplication
@EnableAsync
public class Application {
    private static final Logger LOG = LoggerFactory.getLogger(Application.class);

    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    /** Closed by Spring after the executor, which depends on it. */
    @Bean
    GoRuntime goRuntime() {
        return GoRuntime.builder().name("app").maxProcs(2).build();
    }

    /** Closed by Spring too, and that waits for its tasks: the graceful part of the end. */
    @Bean
    ExecutorService goroutines(GoRuntime runtime) {
        return runtime.executor();
    }

    /** What asynchronous methods run on. */
    @Bean
    AsyncTaskExecutor applicationTaskExecutor(ExecutorService goroutines) {
        return new TaskExecutorAdapter(goroutines);
    }

    @Bean
    ApplicationRunner tasks(Tasks tasks) {
        return _ -> tasks.untilTheEnd();
    }

    /** Something for a ServiceLoader to find in one of the jars in the jar. */
    public interface Plugin {
        String name();
    }

    /** Found by its name in META-INF/services. */
    public static final class ThePlugin implements Plugin {
        @Override
        public String name() {
            return "the plugin";
        }
    }

    /** Has a method that is called on one thread and runs in a goroutine. */
    @Service
    public static class Tasks {
        private final CountDownLatch closing = new CountDownLatch(1);

        /** Ends a while after the application has been told to end. */
        @Async
        public void untilTheEnd() throws InterruptedException {
            // With no class loader given, this is the thread's.
            String plugin = ServiceLoader.load(Plugin.class).findFirst().map(Plugin::name).orElse("no plugin");
            LOG.info("task started in goroutine {} and sees {}", GoRuntime.goid(), plugin);
            closing.await();
            Thread.sleep(300);
            LOG.info("task finished in goroutine {}", GoRuntime.goid());
        }

        @EventListener
        void closing(ContextClosedEvent event) {
            LOG.info("application is closing");
            closing.countDown();
        }
    }
}
